//! The mission that a list of operations happens to, with what everybody outside it has seen.

use super::model::{Effect, Known, Model, effect_of, road_mark};
use super::operation::{Operation, SITES};
use super::outsiders::Outsiders;
use super::{check, hold, said};
use crate::file;
use jiff::{SignedDuration, Timestamp};
use konbit_base::{Digest, LatLon, PlacePrecision, Reading, Source};
use konbit_desk::{Config, Desk, DeskError, EntryCommand, NamedFile, Stamp, backup};
use konbit_exchange::import::ImportKind;
use konbit_mission::Event;
use konbit_mission::protection::{Category, Site, SiteId};
use konbit_mission::roads::{EXPIRY_SECONDS_DEFAULT, RoadReport, RoadReportId, RoadState, Stretch};
use konbit_record::{Hash, SignedCheckpoint};
use konbit_store::{EntryFilter, StoreError};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::mpsc::channel;
use std::thread;
use tempfile::TempDir;

/// A copy of the mission that was made.
#[derive(Debug, Clone)]
pub struct Copy {
    pub path: PathBuf,
    pub entries: u64,
    pub epoch: usize,
    /// What was in it.
    pub model: Model,
    /// Heads that had been seen by then.
    pub heads: Vec<(u64, Hash)>,
}

/// A mission and its surroundings.
pub struct World {
    /// Whether what `pinned.rs` knows to be wrong is looked at as well. FIXME: always, once nothing
    /// there is.
    pub strict: bool,
    /// Holds everything; `None` where somebody else keeps the directory.
    _scratch: Option<TempDir>,
    root: PathBuf,
    directories: u32,
    /// The mission directory.
    pub path: PathBuf,
    desk: Option<Desk>,
    pub now: Timestamp,
    stamps: u64,
    pub model: Model,
    /// Heads that were shown to somebody and that the record has to begin with.
    pub heads: Vec<(u64, Hash)>,
    /// How many logs there were before this one.
    pub epoch: usize,
    pub copies: Vec<Copy>,
    pub outsiders: Outsiders,
    last_import: Option<(ImportKind, Vec<NamedFile>, Vec<Effect>)>,
}

impl World {
    /// An empty mission, in memory where the system has such a place: what a disk loses is not the
    /// subject here, and is tried in the store's tests.
    pub fn new(strict: bool) -> Result<Self, String> {
        let memory = Path::new("/dev/shm");
        let scratch = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let scratch = said("a directory", scratch)?;
        let root = scratch.path().to_owned();
        Self::begin(root, Some(scratch), strict)
    }

    /// An empty mission in a directory that somebody else keeps.
    pub fn in_directory(root: &Path) -> Result<Self, String> {
        Self::begin(root.to_owned(), None, false)
    }

    fn begin(root: PathBuf, scratch: Option<TempDir>, strict: bool) -> Result<Self, String> {
        let path = root.join("m0");
        let desk = said("init", Desk::init(&path, &Config::named("simulated"), &Digest::of(b"the first key").0))?;
        let mut world = Self {
            strict,
            _scratch: scratch,
            root,
            directories: 1,
            path,
            desk: Some(desk),
            now: "2023-10-02T12:00:00Z".parse().expect("an instant"),
            stamps: 0,
            model: Model::default(),
            heads: Vec::new(),
            epoch: 0,
            copies: Vec::new(),
            outsiders: Outsiders::new(),
            last_import: None,
        };
        world.meet_log()?;
        Ok(world)
    }

    /// The mission, open.
    pub fn desk(&self) -> &Desk {
        self.desk.as_ref().expect("it is open between operations")
    }

    /// What happens next, by whom; entropy is never used twice.
    pub fn stamp(&mut self) -> Stamp {
        Stamp::new(self.now, "simulated", self.entropy())
    }

    pub fn entropy(&mut self) -> [u8; 32] {
        self.stamps += 1;
        Digest::of(format!("entropy {}", self.stamps).as_bytes()).0
    }

    /// A name for a new directory.
    pub fn new_path(&mut self, what: &str) -> PathBuf {
        self.directories += 1;
        self.root.join(format!("{what}{}", self.directories))
    }

    /// One operation, and then everything that has to hold after it.
    pub fn step(&mut self, operation: &Operation) -> Result<(), String> {
        self.act(operation)?;
        check::everything(self)
    }

    /// One operation, with what is expected of it alone.
    pub fn act(&mut self, operation: &Operation) -> Result<(), String> {
        use Operation as O;
        match operation {
            O::AdvanceHours(hours) => {
                self.now += SignedDuration::from_hours(i64::from(*hours));
                Ok(())
            }
            O::ImportSites { first, rows, revision, dirty } => self.import_sites(*first, *rows, *revision, *dirty),
            O::ImportContributions { first, rows, revision } => self.import_contributions(*first, *rows, *revision),
            O::ImportVotes { text, in_favour } => self.import_votes(*text, *in_favour),
            O::ImportSame => self.import_same(),
            O::ImportUnusable => self.import_unusable(),
            O::Withdraw { site } => self.withdraw(*site),
            O::EnterOnce { command } => self.enter_once(*command),
            O::LoseKey => self.lose_key(),
            O::ReportRoad { road, state } => self.report_road(*road, *state),
            O::EndRoad { road } => self.change_road(*road, true),
            O::RenewRoad { road } => self.change_road(*road, false),
            O::Erase { entry } => self.erase(*entry),
            O::Backup => self.backup(),
            O::RestoreOld { copy } => self.restore_old(*copy),
            O::GoOnFromOld { copy, cut } => self.go_on_from_old(*copy, *cut),
            O::Cosign { witness } => self.cosign(*witness),
            O::Fork { witness } => self.fork(*witness),
            O::ProofOf { entry } => self.proof_of(*entry),
            O::Crash(crash) => self.crash(*crash),
            O::CleanRestart => self.restart(),
            O::TwoAtOnce { one, other } => self.two_at_once(*one, *other),
            O::StaleDecision { site } => self.stale_decision(*site),
            O::ReaderBeside { imports } => self.reader_beside(*imports),
        }
    }

    /// Takes up the entries that have come, which have to do exactly what is expected.
    pub fn observe(&mut self, mut expected: Vec<Option<Effect>>) -> Result<(), String> {
        let filter = EntryFilter { from: self.model.size(), ..EntryFilter::default() };
        let views = said("the new entries", self.desk().entries(&filter))?;
        let mut found: Vec<Option<Effect>> = views.iter().map(effect_of).collect();
        for (view, effect) in views.iter().zip(&found) {
            self.model.entries.push(Known { leaf: view.entry.leaf, effect: effect.clone(), erased_by: None });
        }
        found.sort();
        expected.sort();
        hold!(found == expected, "the new entries do {found:?}, expected {expected:?}");
        let head = said("the head", self.desk().snapshot())?.head;
        hold!(head.size == self.model.size(), "the head has {} entries, {} are known", head.size, self.model.size());
        self.heads.push((head.size, head.root.0));
        Ok(())
    }

    fn import(&mut self, kind: ImportKind, files: Vec<NamedFile>, rows: Vec<Effect>) -> Result<(), String> {
        let changed: Vec<Effect> =
            rows.iter().filter(|row| self.model.mark(row.key.0, &row.key.1) != row.mark).cloned().collect();
        let id = format!("{}/{}", kind.name(), Digest::of(&files[0].bytes).short());
        let known = self.model.mark("import", &id).is_some();
        let report = said("an import", self.stamp_then(|desk, stamp| desk.import(kind, &files, stamp)))?;
        hold!(report.usable, "the import cannot be used: {:?}", report.findings);
        let counted = (report.added + report.updated, report.unchanged);
        let expect = (changed.len() as u64, (rows.len() - changed.len()) as u64);
        hold!(counted == expect, "the import counts {counted:?} changed and unchanged, expected {expect:?}");
        let mut expected: Vec<Option<Effect>> = changed.into_iter().map(Some).collect();
        if !expected.is_empty() || !known {
            expected.push(Some(Effect { key: ("import", id), mark: Some(kind.name().to_owned()) }));
        }
        self.last_import = Some((kind, files, rows));
        self.observe(expected)
    }

    /// Does something with a fresh stamp.
    fn stamp_then<T>(&mut self, act: impl FnOnce(&Desk, &Stamp) -> T) -> T {
        let stamp = self.stamp();
        act(self.desk(), &stamp)
    }

    fn import_sites(&mut self, first: u64, rows: u64, revision: u64, dirty: u64) -> Result<(), String> {
        let mut text = "id,name,kind,lat,lon,source_name,source_read\n".to_owned();
        let mut effects = Vec::new();
        for n in 0..rows.min(SITES) {
            let site = (first + n) % SITES;
            let (id, name) = (site_id(site), format!("Clinic {site} in version {revision}"));
            let _ = writeln!(text, "{id},{name},hospital,18.{:02},-72.{:02},x,yes", 10 + site * 5, 20 + site * 7);
            effects.push(Effect { key: ("site", id), mark: Some(name) });
        }
        for n in 0..dirty {
            let _ = writeln!(text, "dirty-{n},,hospital,18.9,-72.9,x,yes");
        }
        self.import(ImportKind::Sites, file("sites.csv", &text), effects)?;
        let stands = self.model.mark("site", "dirty-0").is_some();
        hold!(!stands, "a row without a name was kept");
        Ok(())
    }

    fn import_contributions(&mut self, first: u64, rows: u64, revision: u64) -> Result<(), String> {
        let mut text = "id,pledge,date,contributor,kind,detail,status,source_name,source_read\n".to_owned();
        let mut effects = Vec::new();
        for n in 0..rows {
            let line = (first + n) % 6;
            let (id, detail) = (format!("k-{line}"), format!("{} police", 100 * (line + 1) + revision));
            let _ = writeln!(text, "{id},p-{line},2023-10-02,KEN,personnel,{detail},pledged,x,yes");
            effects.push(Effect { key: ("contribution", id), mark: Some(detail) });
        }
        self.import(ImportKind::Contributions, file("contributions.csv", &text), effects)
    }

    fn import_votes(&mut self, text: u64, in_favour: u64) -> Result<(), String> {
        let symbol = format!("S/RES/{} (2023)", 2_690 + text);
        let mut table = "resolution,date,member,vote,source_name,source_read\n".to_owned();
        for (n, member) in (0..).zip(["ECU", "USA", "CHN", "RUS", "GAB"]) {
            let vote = if n < in_favour { 'Y' } else { 'A' };
            let _ = writeln!(table, "{symbol},2023-10-02,{member},{vote},x,yes");
        }
        let effect = Effect { key: ("resolution", symbol), mark: Some(in_favour.min(5).to_string()) };
        self.import(ImportKind::Votes, file("votes.csv", &table), vec![effect])
    }

    fn import_same(&mut self) -> Result<(), String> {
        let Some((kind, files, rows)) = self.last_import.clone() else { return Ok(()) };
        let stood = self.model.size();
        let all = rows.iter().all(|row| self.model.mark(row.key.0, &row.key.1) == row.mark);
        let id = format!("{}/{}", kind.name(), Digest::of(&files[0].bytes).short());
        let known = self.model.mark("import", &id).is_some();
        self.import(kind, files, rows)?;
        hold!(!(all && known) || self.model.size() == stood, "the same import twice has added something");
        Ok(())
    }

    fn import_unusable(&mut self) -> Result<(), String> {
        let good = file("good.csv", "id,name,kind,lat,lon,source_name,source_read\nz,Z,hospital,18.5,-72.3,x,yes\n");
        let batches = [(ImportKind::Sites, good), (ImportKind::Sites, file("bad.csv", ""))];
        let reports = said("an import", self.stamp_then(|desk, stamp| desk.import_all(&batches, stamp)))?;
        hold!(!reports[1].usable && reports[0].added == 0, "an unusable file was taken: {reports:?}");
        self.observe(Vec::new())
    }

    fn withdraw(&mut self, site: u64) -> Result<(), String> {
        let id = site_id(site);
        let stood = self.model.mark("site", &id).is_some();
        let done = self.stamp_then(|desk, stamp| desk.withdraw("site", &id, "closed", stamp).map(drop));
        hold!(done.is_ok() == stood, "withdrawing {id}, which stood: {stood}, gave {done:?}");
        self.observe(if stood { vec![Some(withdrawn(&id))] } else { Vec::new() })
    }

    fn enter_once(&mut self, command: u64) -> Result<(), String> {
        let (id, name) = (site_id(command), format!("Entered by command {command}"));
        let site = Site {
            id: SiteId::new(id.clone()).expect("a plain id"),
            name: name.clone(),
            name_local: None,
            kind: "hospital".to_owned(),
            category: Category::Hospital,
            position: None,
            precision: PlacePrecision::Town,
            area: None,
            people_served: None,
            note: None,
            source: Source { name: "x".to_owned(), url: None, reading: Reading::Read },
        };
        let key = format!("command-{command}");
        let body = Event::from(site).body();
        let entered = said("a command", EntryCommand::parse(&key, "site.recorded", &body, None))?;
        let before = self.model.commands.get(&key).copied();
        let first = before.unwrap_or(self.model.size());
        let (reply, answer) = channel();
        let taken = self.stamp_then(|desk, stamp| {
            // Whoever waits for the answer is there until it comes.
            desk.enter(&entered, stamp, move |answer| drop(reply.send(answer)))
        });
        said("a command", taken)?;
        let receipt = said("a command", said("an answer", answer.recv())?)?;
        let answered = (receipt.first, receipt.count, receipt.repeated);
        hold!(answered == (first, 1, before.is_some()), "command {key} was answered {answered:?}, expected {first}");
        self.model.commands.insert(key, first);
        let effect = Effect { key: ("site", id), mark: Some(name) };
        self.observe(if before.is_some() { Vec::new() } else { vec![Some(effect)] })
    }

    /// Any withdrawal that can be made, or else a report of a road.
    pub fn withdraw_something(&mut self) -> Result<(), String> {
        match (0..SITES).find(|site| self.model.mark("site", &site_id(*site)).is_some()) {
            Some(site) => self.withdraw(site),
            None => self.report_road(0, 0),
        }
    }

    fn report_road(&mut self, road: u64, state: u64) -> Result<(), String> {
        let report = RoadReport {
            id: RoadReportId::new(road_id(road)).expect("a plain id"),
            place: format!("Road {road}"),
            state: match state {
                0 => RoadState::Closed,
                1 => RoadState::Slowed { speed_percent: 25 },
                2 => RoadState::Dangerous,
                _ => RoadState::Held,
            },
            stretch: Stretch::Around { centre: LatLon::new(18.5, -72.3).expect("on the globe"), radius_m: 500 },
            from: self.now,
            until: None,
            expires: self.now + SignedDuration::from_secs(EXPIRY_SECONDS_DEFAULT),
            note: None,
            source: Source { name: "x".to_owned(), url: None, reading: Reading::Read },
        };
        let effect = Effect { key: ("road-report", road_id(road)), mark: Some(road_mark(&report)) };
        let is_news = self.model.mark("road-report", &road_id(road)) != effect.mark;
        said("a report", self.stamp_then(|desk, stamp| desk.record_road_report(report, stamp).map(drop)))?;
        self.observe(if is_news { vec![Some(effect)] } else { Vec::new() })
    }

    fn change_road(&mut self, road: u64, end: bool) -> Result<(), String> {
        let (id, now) = (road_id(road), self.now);
        let held = said("the state", self.desk().snapshot())?.mission.road_reports.get(&id).cloned();
        let done = self.stamp_then(|desk, stamp| {
            let changed =
                if end { desk.end_road_report(&id, now, stamp) } else { desk.renew_road_report(&id, now, stamp) };
            changed.map(drop)
        });
        let Some(held) = held else {
            hold!(done.is_err(), "a report that is not there was changed");
            return self.observe(Vec::new());
        };
        said("a change of a report", done)?;
        let mut report = held.value;
        let before = road_mark(&report);
        if end {
            report.until = Some(now);
        } else {
            (report.until, report.expires) = (None, now + SignedDuration::from_secs(EXPIRY_SECONDS_DEFAULT));
        }
        let mark = road_mark(&report);
        let is_news = mark != before;
        let effect = Effect { key: ("road-report", id), mark: Some(mark) };
        self.observe(if is_news { vec![Some(effect)] } else { Vec::new() })
    }

    fn erase(&mut self, entry: u64) -> Result<(), String> {
        let size = self.model.size();
        if size == 0 {
            return Ok(());
        }
        let ix = entry % size;
        let known = self.model.entries[usize::try_from(ix).expect("a short record")].clone();
        let allowed = known.effect.is_some() && known.erased_by.is_none();
        let done = self.stamp_then(|desk, stamp| desk.erase(&[ix], "asked for", "rule 3", stamp));
        hold!(done.is_ok() == allowed, "erasing entry {ix} of {known:?} gave {done:?}");
        let Ok(report) = done else { return self.observe(Vec::new()) };
        hold!(report.remains.is_none(), "erased bytes remain: {:?}", report.remains);
        self.observe(vec![None])?;
        hold!(report.order == size, "the order is entry {}, expected {size}", report.order);
        self.model.entries[usize::try_from(ix).expect("a short record")].erased_by = Some(size);
        check::bytes_gone(self)
    }

    fn backup(&mut self) -> Result<(), String> {
        let to = self.new_path("copy");
        let made = said("a copy", backup(&self.path, &to))?;
        hold!(made.entries == self.model.size(), "the copy has {} entries", made.entries);
        let (model, heads) = (self.model.clone(), self.heads.clone());
        self.copies.push(Copy { path: to, entries: made.entries, epoch: self.epoch, model, heads });
        self.observe(Vec::new())
    }

    /// Stops the program; what it leaves has to be covered by verification, byte by byte.
    pub fn close(&mut self) -> Result<(), String> {
        said("closing", self.desk.take().expect("it is open").close())?;
        check::closed(&self.path)
    }

    /// Drops the program without a word, as far as this process can.
    pub fn abandon(&mut self) {
        drop(self.desk.take());
    }

    /// Starts the program.
    pub fn open(&mut self) -> Result<(), DeskError> {
        self.desk = Some(Desk::open(&self.path)?);
        Ok(())
    }

    fn restart(&mut self) -> Result<(), String> {
        self.close()?;
        said("opening", self.open())?;
        check::bytes_gone(self)?;
        self.observe(Vec::new())
    }

    fn lose_key(&mut self) -> Result<(), String> {
        if !self.strict {
            return Ok(());
        }
        self.close()?;
        let (key, aside) = (self.path.join("keys").join("record.key"), self.new_path("key"));
        said("putting aside", std::fs::rename(&key, &aside))?;
        let refused = Desk::open(&self.path).map(drop).map_err(|error| error.to_string());
        let named = refused.as_ref().is_err_and(|why| why.contains("record.key"));
        hold!(named, "a signed record without its key: {refused:?}");
        said("putting back", std::fs::rename(&aside, &key))?;
        said("opening", self.open())?;
        self.observe(Vec::new())
    }

    fn two_at_once(&mut self, one: u64, other: u64) -> Result<(), String> {
        let ids = [site_id(one), site_id(other)];
        let stood: Vec<bool> = ids.iter().map(|id| self.model.mark("site", id).is_some()).collect();
        let (stamps, barrier) = ([self.stamp(), self.stamp()], Barrier::new(2));
        let desk = self.desk();
        let withdraw = |id: &str, stamp: &Stamp| {
            barrier.wait();
            desk.withdraw("site", id, "closed", stamp).is_ok()
        };
        let won = thread::scope(|scope| {
            let first = scope.spawn(|| withdraw(&ids[0], &stamps[0]));
            let second = withdraw(&ids[1], &stamps[1]);
            [first.join().expect("it does not panic"), second]
        });
        let mut expected: Vec<String> =
            ids.iter().zip(&stood).filter(|(_, stood)| **stood).map(|(id, _)| id.clone()).collect();
        expected.dedup();
        let winners = won.iter().filter(|won| **won).count();
        hold!(winners == expected.len(), "{winners} of two won, expected {}", expected.len());
        self.observe(expected.iter().map(|id| Some(withdrawn(id))).collect())
    }

    fn stale_decision(&mut self, site: u64) -> Result<(), String> {
        let id = site_id(site);
        let stale = said("the state", self.desk().snapshot())?;
        let Ok(event) = konbit_mission::rules::withdraw(&stale.mission, "site", &id, "closed") else { return Ok(()) };
        self.report_road(1, 1)?;
        let moved = self.model.size() > stale.head.size;
        let decide = |desk: &Desk, stamp: &Stamp| desk.append(&stale, vec![event.clone()], &[], stamp).map(drop);
        let done = self.stamp_then(decide);
        if !moved {
            said("a decision", done)?;
            return self.observe(vec![Some(withdrawn(&id))]);
        }
        let is_refused = matches!(done, Err(DeskError::Store(StoreError::Moved { .. })));
        hold!(is_refused, "a decision upon an old reading gave {done:?}");
        self.observe(Vec::new())
    }

    fn reader_beside(&mut self, imports: u64) -> Result<(), String> {
        let before = self.model.size();
        let reader = said("reading beside", Desk::open_to_read(&self.path))?;
        let mut expected = Vec::new();
        let mut work = Vec::new();
        for n in 0..imports {
            let stamp = self.stamp();
            let (id, name) = (format!("beside-{n}"), format!("Beside {n} by {}", self.stamps));
            let text = format!("id,name,kind,lat,lon,source_name,source_read\n{id},{name},school,19.1,-72.{n},x,yes\n");
            let mark = format!("sites/{}", Digest::of(text.as_bytes()).short());
            expected.push(Some(Effect { key: ("site", id), mark: Some(name) }));
            expected.push(Some(Effect { key: ("import", mark), mark: Some("sites".to_owned()) }));
            work.push((file("beside.csv", &text), stamp));
        }
        let refused = reader.withdraw("site", "beside-0", "tried", &work[0].1).map(drop);
        hold!(refused.is_err(), "a reader has written");
        let desk = self.desk();
        let seen = thread::scope(|scope| -> Result<Vec<u64>, String> {
            let writer = scope.spawn(|| {
                work.iter().try_for_each(|(files, stamp)| desk.import(ImportKind::Sites, files, stamp).map(drop))
            });
            let mut seen = Vec::new();
            loop {
                let done = writer.is_finished();
                seen.push(said("the reader's state", reader.snapshot())?.head.size);
                if done {
                    said("an import beside a reader", writer.join().expect("it does not panic"))?;
                    return Ok(seen);
                }
            }
        })?;
        hold!(seen.is_sorted(), "a reader saw the record shrink: {seen:?}");
        hold!(seen.iter().all(|size| (size - before).is_multiple_of(2)), "a reader saw half an import: {seen:?}");
        hold!(seen.last() == Some(&(before + 2 * imports)), "the reader saw {seen:?} in the end");
        said("closing the reader", reader.close())?;
        self.observe(expected)
    }

    /// The last signed head.
    pub fn signed(&self) -> Result<SignedCheckpoint, String> {
        said("the signed head", self.desk().signed_head())?.ok_or_else(|| "the record is not signed".to_owned())
    }
}

/// The id of a site.
pub fn site_id(site: u64) -> String {
    format!("site-{}", site % SITES)
}

fn road_id(road: u64) -> String {
    format!("road-{road}")
}

fn withdrawn(id: &str) -> Effect {
    Effect { key: ("site", id.to_owned()), mark: None }
}
