//! `konbit week curve`, `alpha`, `sensitivity` and `compare`: studies of a plan of the week.

use crate::Ended;
use crate::commands::PLAN_FILE_BYTES_MAX;
use crate::files::read_limited;
use crate::output;
use crate::planning::changes;
use crate::stop::Stop;
use crate::week::{assumptions, pretty, put};
use crate::week_args::{CompareArgs, CurveArgs, StudyArgs, TableFormat};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use indicatif::ProgressBar;
use jiff::Timestamp;
use konbit_base::Finding;
use konbit_desk::{
    Changes, Desk, EndResult, Moment, PlannedWeek, PrepareError, PreparedWeek, Progress, StudiedWeek, Telling,
    WEEK_ALPHAS, Watch, WeekDocument, WeekForce, WeekSide, WeekView, crossed, studied_contingent, week_ends,
    with_alpha,
};
use konbit_mission::Mission;
use konbit_mission::week::{WeekAssumptions, WeekFigures};
use serde_json::Value;
use std::cell::Cell;
use std::path::Path;
use std::time::Instant;

/// A mission that is read for a study, and how far the study is.
struct Study<'a> {
    args: &'a StudyArgs,
    desk: Desk,
    mission: Mission,
    moment: Moment,
    stop: Stop,
    spinner: ProgressBar,
    /// Plans that are made, of those that are wanted.
    made: Cell<(usize, usize)>,
}

impl<'a> Study<'a> {
    fn open(args: &'a StudyArgs) -> Result<Self> {
        let desk = Desk::open_to_read(&args.dir)?;
        let mission = desk.snapshot()?.mission;
        let moment = desk.moment(&mission, Timestamp::now());
        let stop = Stop::after(args.seconds)?;
        let spinner = output::spinner("making the roads and the roster ready");
        Ok(Self { args, desk, mission, moment, stop, spinner, made: Cell::new((0, 1)) })
    }

    fn figures(&self) -> Result<&WeekFigures> {
        Ok(self.mission.week_figures.values().next().ok_or(PrepareError::NoWeek)?)
    }

    /// Works on something until it is done or the user wants no more of it.
    fn work<T>(&self, work: impl FnOnce(&Watch<'_>) -> T) -> T {
        let should_stop = || self.stop.now();
        let progress = |at: Progress| {
            let (made, wanted) = self.made.get();
            self.spinner.set_message(format!(
                "{made} of {wanted} plans are made; the next: {:.3} persons a week, bound {:.3}; Ctrl-C keeps what there is",
                at.value, at.bound
            ));
        };
        work(&Watch { should_stop: &should_stop, progress: &progress })
    }

    fn is_at(&self, made: usize, wanted: usize) {
        self.made.set((made, wanted));
        self.spinner.set_message(format!("{made} of {wanted} plans are made; Ctrl-C keeps what there is"));
    }

    /// What is asked.
    fn asked(&self) -> Result<(WeekAssumptions, Changes)> {
        let asking = &self.args.asking;
        Ok((assumptions(&self.mission, asking)?, changes(&asking.changing)?.that_differ(&self.mission)))
    }

    fn in_force(&self) -> Result<Option<WeekView>> {
        Ok(self.desk.week_in_force(&self.mission)?)
    }

    /// The plan for a problem, from the plan in force where that is at hand.
    fn plan(&self, prepared: &PreparedWeek, held: Option<&WeekView>) -> PlannedWeek {
        let started = Instant::now();
        let (held, seed) = (held.map(|view| &view.document), self.args.asking.seed);
        let seconds = || started.elapsed().as_secs_f64();
        let finding = |finding: &Finding| self.tell(finding);
        self.work(|watch| self.desk.plan_week_kept(prepared, held, seed, &finding, (watch, &seconds)))
    }

    /// The plan for a problem, if it is kept.
    fn kept_plan(&self, prepared: &PreparedWeek) -> Option<PlannedWeek> {
        let finding = |finding: &Finding| self.tell(finding);
        self.desk.kept_plan(prepared.week.hash(), self.args.asking.seed, &finding)
    }

    /// Says what is wrong with a file of what is kept.
    fn tell(&self, finding: &Finding) {
        self.spinner.suspend(|| eprintln!("konbit: {finding}"));
    }

    /// The plan in force, or the answer to what is asked.
    fn studied(&self) -> Result<StudiedWeek> {
        self.figures()?;
        if self.args.asking.is_plain()
            && let Some(studied) = self.desk.studied_in_force(&self.mission, self.moment)?
        {
            return Ok(studied);
        }
        let (asked, held) = (self.asked()?, self.in_force()?);
        let prepared = self.desk.prepare_week_if(&self.mission, &asked.0, &asked.1, self.moment)?;
        let document = self.plan(&prepared, held.as_ref()).document;
        Ok(StudiedWeek::of_question(document, asked, prepared.week.hash(), self.moment, held)?)
    }

    /// Prints the study in the format that is asked for.
    fn print(
        self,
        text: impl FnOnce(&Mission) -> String,
        csv: impl FnOnce() -> Vec<u8>,
        json: impl FnOnce() -> Value,
    ) -> Result<()> {
        self.spinner.finish_and_clear();
        self.desk.close()?;
        let bytes = match self.args.format {
            TableFormat::Text => text(&self.mission).into_bytes(),
            TableFormat::Csv => csv(),
            TableFormat::Json => pretty(&json())?,
        };
        put(self.args.output.as_deref(), &bytes)
    }
}

/// What more people of a contingent buy.
pub fn curve(args: &CurveArgs) -> Result<Ended> {
    let study = Study::open(&args.study)?;
    let crew = studied_contingent(study.figures()?, args.contingent.as_deref())?;
    let studied = study.studied()?;
    let report = |force: &WeekForce| study.is_at(force.made.0, force.made.1);
    let telling = Telling { report: &report, finding: &|finding| study.tell(finding) };
    let force = study.work(|watch| study.desk.study_force(&study.mission, &studied, &crew, None, &telling, watch))?;
    let equal = studied.equal(&study.mission)?;
    let problem = &studied.document.problem;
    study.print(
        |mission| konbit_desk::week_force_text(mission, &studied, &crew, &force, &equal),
        || konbit_desk::force_csv(&force, &|ix| problem.sites[ix].id.as_str()),
        || konbit_desk::week_force_json(problem, &crew, Some(&force), equal.0, &equal.1),
    )?;
    Ok(Ended::Well)
}

/// What the judgements decide.
pub fn sensitivity(args: &StudyArgs) -> Result<Ended> {
    let study = Study::open(args)?;
    let studied = study.studied()?;
    let wanted = week_ends(&study.mission, &studied.assumptions, &studied.changes);
    let report = |results: &[EndResult]| study.is_at(results.len(), wanted.len());
    let telling = Telling { report: &report, finding: &|finding| study.tell(finding) };
    let results =
        study.work(|watch| study.desk.study_ends(&study.mission, &studied, &wanted, None, &telling, watch))?;
    let site = |ix: usize| studied.document.problem.sites.get(ix).map(|site| site.id.as_str());
    study.print(
        |_| konbit_desk::week_ends_text(&studied, &results, wanted.len()),
        || konbit_desk::sensitivity_csv(&results, &site),
        || konbit_desk::sensitivity_json((studied.value(), studied.bound()), &results, wanted.len(), &site),
    )?;
    Ok(Ended::Well)
}

/// The week at three shares of those who watch.
pub fn alpha(args: &StudyArgs) -> Result<Ended> {
    ensure!(args.asking.alpha.is_none(), "konbit week alpha plans at 0, 0.5 and 1; leave out --alpha");
    let study = Study::open(args)?;
    study.figures()?;
    let ((assumed, changes), held) = (study.asked()?, study.in_force()?);
    let mut columns = Vec::new();
    for (number, (alpha, ppm)) in WEEK_ALPHAS.into_iter().enumerate() {
        study.is_at(number, WEEK_ALPHAS.len());
        let assumed = with_alpha(&study.mission, &assumed, ppm);
        let prepared = study.desk.prepare_week_if(&study.mission, &assumed, &changes, study.moment)?;
        let in_force = held.as_ref().map(|view| &view.document);
        let is_answer =
            |held: &&WeekDocument| held.problem_hash == prepared.week.hash() && held.seed == args.asking.seed;
        let label = format!("at alpha {alpha}");
        let side = match in_force.filter(is_answer) {
            Some(document) => WeekSide::of_plan(label, document),
            // What is kept needs no time.
            None if study.stop.now() && study.kept_plan(&prepared).is_none() => {
                columns.push((alpha, Err(String::new())));
                continue;
            }
            None => WeekSide::of_plan(label, &study.plan(&prepared, held.as_ref()).document),
        };
        columns.push((alpha, side.map_err(|error| error.to_string())));
    }
    let is_well = columns.iter().any(|(_, side)| side.is_ok());
    study.print(
        |mission| konbit_desk::week_alpha_text(mission, &columns),
        || konbit_desk::alpha_csv(&columns),
        || konbit_desk::alpha_json(&columns),
    )?;
    Ok(if is_well { Ended::Well } else { Ended::Badly })
}

/// A plan file that holds.
fn plan_file(path: &Path) -> Result<WeekDocument> {
    let shown = path.display();
    let file = read_limited(path, PLAN_FILE_BYTES_MAX)?;
    konbit_plan_check::check(&file.bytes).map_err(|refusal| anyhow!("{shown} does not hold: {refusal}"))?;
    serde_json::from_slice(&file.bytes).with_context(|| {
        format!("{shown} is no plan of the week (konbit-plan/2); konbit week plan DIR -o FILE writes one")
    })
}

/// The plan that a word names.
fn chosen(study: &Study<'_>, word: &str) -> Result<WeekSide> {
    let mission = &study.mission;
    Ok(match word {
        "in-force" => {
            let held = study.in_force()?.context("no plan of the week is in force")?;
            WeekSide::of_plan(format!("the plan in force ({})", held.adopted.value.id), &held.document)?
        }
        "question" => {
            ensure!(
                !study.args.asking.is_plain(),
                "no question is asked, so it has no answer to compare; ask one, such as --personnel CONTINGENT=N"
            );
            WeekSide::of_plan("the answer to the question".to_owned(), &study.studied()?.document)?
        }
        "pattern" => pattern(study)?,
        id => match study.desk.adopted_week(mission, id)? {
            Some(view) => WeekSide::of_plan(format!("plan {id}"), &view.document)?,
            None if Path::new(id).exists() => WeekSide::of_plan(id.to_owned(), &plan_file(Path::new(id))?)?,
            None => {
                let adopted: Vec<&str> = mission.week_plans.iter().map(|plan| plan.value.id.as_str()).collect();
                bail!(
                    "{id:?} is neither in-force, pattern, question, a plan file nor an adopted plan of the week; adopted are: {}",
                    if adopted.is_empty() { "none".to_owned() } else { adopted.join(", ") }
                );
            }
        },
    })
}

/// The plain pattern under the figures of the question, or of the plan in force.
fn pattern(study: &Study<'_>) -> Result<WeekSide> {
    if study.args.asking.is_plain()
        && let Some(held) = study.in_force()?
    {
        return Ok(WeekSide::of_pattern(held.document.problem)?);
    }
    let asked = study.asked()?;
    let prepared = study.desk.prepare_week_if(&study.mission, &asked.0, &asked.1, study.moment)?;
    Ok(WeekSide::of_pattern(prepared.week.data().clone())?)
}

/// Two plans side by side.
pub fn compare(args: &CompareArgs) -> Result<Ended> {
    let study = Study::open(&args.study)?;
    study.figures()?;
    let (a, b) = (chosen(&study, &args.first)?, chosen(&study, &args.second)?);
    let crossed = crossed(&a, &b);
    study.print(
        |mission| konbit_desk::week_sides_text(mission, &a, &b, crossed.as_ref()),
        || konbit_desk::sides_csv(&a, &b),
        || konbit_desk::sides_json(&a, &b, crossed.as_ref()),
    )?;
    Ok(Ended::Well)
}
