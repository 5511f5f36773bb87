//! Replay: every recorded vote decided by rule, and compared with the outcome on record.

use super::member::{Member, join_names};
use super::procedural::procedural_question;
use super::rule::{Cast, Decision, Outcome, Question, Vote, decide, size_on};
use super::{CouncilVote, RecordedOutcome};
use jiff::civil::Date;
use konbit_base::{Finding, Place, Reading, Severity};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A vote and the place it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteRecord {
    /// File, and row where the file has rows.
    pub place: Place,
    /// The vote.
    pub vote: CouncilVote,
}

/// Whether rule and record give the same outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// They do.
    Agrees,
    /// They do not.
    Disagrees,
    /// The record is too thin to compare: the votes do not decide it, or no outcome is stated.
    Undecided,
}

/// One vote of the replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplayLine {
    /// File, row.
    #[serde(flatten)]
    pub place: Place,
    /// Symbol of the text.
    pub symbol: String,
    /// Day of the vote.
    pub date: Date,
    /// Procedural or not.
    pub question: Question,
    /// The outcome by rule.
    pub decision: Decision,
    /// The outcome on record.
    pub recorded: RecordedOutcome,
    /// Whether the two agree.
    pub agreement: Agreement,
    /// How many findings there are about this vote.
    pub findings: usize,
}

/// A vote where rule and record differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// File, row.
    #[serde(flatten)]
    pub place: Place,
    /// Symbol of the text.
    pub symbol: String,
    /// The outcome by rule, in words.
    pub by_rule: String,
    /// The outcome on record, in words.
    pub on_record: String,
    /// Why the rule gives what it gives.
    pub reason: String,
}

/// The result of a replay. Its JSON form is a contract: `votes`, `reproduced`, `findings`,
/// `disagreements` and `decisions` keep their names and meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// Votes replayed, each once.
    pub votes: usize,
    /// Votes whose recorded outcome the rule gives.
    pub reproduced: usize,
    /// Of these, adopted without a vote or by acclamation, where there was nothing to count.
    pub without_vote: usize,
    /// Votes whose record is too thin to compare.
    pub undecided: usize,
    /// Records of a vote that another record already gave, equal in votes and outcome; not counted.
    pub repeated: usize,
    /// What is wrong with, or worth knowing about, the data.
    pub findings: Vec<Finding>,
    /// Votes where rule and record differ.
    pub disagreements: Vec<Disagreement>,
    /// One line for each vote, in the order of the input.
    pub decisions: Vec<ReplayLine>,
}

/// Decides every vote by rule and compares it with the record. `findings` are those of reading the
/// records; the replay adds its own.
///
/// A record that repeats an earlier one of the same symbol, with equal votes and outcome, is counted
/// once. Where the records of a year name exactly as many members as the Council has seats, a member
/// that one vote does not list is taken not to have participated, with a finding.
pub fn replay(records: Vec<VoteRecord>, mut findings: Vec<Finding>) -> Replay {
    let (mut records, repeated) = without_repetitions(records, &mut findings);
    let members = members_by_year(&records, &mut findings);
    for record in &mut records {
        name_absent_members(record, &members, &mut findings);
    }
    let mut decisions = Vec::with_capacity(records.len());
    let mut disagreements = Vec::new();
    for VoteRecord { place, vote } in records {
        let ballot = vote.ballot();
        let decision = decide(&ballot);
        let agreement = compare(&decision.outcome, vote.recorded);
        note_procedural(&place, &vote, &mut findings);
        match agreement {
            Agreement::Agrees => {}
            Agreement::Disagrees => disagreements.push(Disagreement {
                place: place.clone(),
                symbol: vote.symbol.clone(),
                by_rule: decision.outcome.label().to_owned(),
                on_record: vote.recorded.label().to_owned(),
                reason: decision.reason.clone(),
            }),
            Agreement::Undecided => findings.push(finding(
                Severity::Error,
                "vote-undecided",
                &place,
                format!(
                    "{}: rule and record cannot be compared: by rule {}; on record {}; complete the record",
                    vote.symbol,
                    decision.reason,
                    vote.recorded.label()
                ),
            )),
        }
        let (symbol, date, recorded) = (vote.symbol, vote.date, vote.recorded);
        decisions.push(ReplayLine {
            place,
            symbol,
            date,
            question: ballot.question,
            decision,
            recorded,
            agreement,
            findings: 0,
        });
    }
    count_findings(&mut decisions, &findings);
    let count = |keep: fn(&ReplayLine) -> bool| decisions.iter().filter(|line| keep(line)).count();
    Replay {
        votes: decisions.len(),
        reproduced: count(|line| line.agreement == Agreement::Agrees),
        without_vote: count(|line| {
            line.agreement == Agreement::Agrees && line.decision.outcome == Outcome::AdoptedWithoutVote
        }),
        undecided: count(|line| line.agreement == Agreement::Undecided),
        repeated,
        findings,
        disagreements,
        decisions,
    }
}

fn finding(severity: Severity, code: &str, place: &Place, message: String) -> Finding {
    Finding { severity, code: code.to_owned(), place: place.clone(), message }
}

/// Whether the outcome by rule is the one on record. "Adopted without a vote" and "by acclamation"
/// are one kind, and votes that adopt agree with them, because the text was adopted either way; "not adopted" and "vetoed" are two, because the Council keeps them apart.
fn compare(outcome: &Outcome, recorded: RecordedOutcome) -> Agreement {
    use RecordedOutcome as R;
    let agrees = match (outcome, recorded) {
        (Outcome::Undecidable { .. }, _) | (_, R::Unstated) => return Agreement::Undecided,
        (Outcome::Adopted, R::Adopted)
        | (Outcome::Adopted | Outcome::AdoptedWithoutVote, R::AdoptedWithoutVote | R::AdoptedByAcclamation)
        | (Outcome::NotAdopted { .. }, R::NotAdopted)
        | (Outcome::Vetoed { .. }, R::Vetoed) => true,
        _ => false,
    };
    if agrees { Agreement::Agrees } else { Agreement::Disagrees }
}

/// Drops records that only repeat an earlier one; says so, and says where two records differ.
fn without_repetitions(records: Vec<VoteRecord>, findings: &mut Vec<Finding>) -> (Vec<VoteRecord>, usize) {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<VoteRecord> = Vec::with_capacity(records.len());
    let mut repeated = 0;
    for record in records {
        let symbol = record.vote.symbol.clone();
        if let Some(earlier) = first.get(&symbol).map(|index| &kept[*index]) {
            let same = earlier.vote.cast == record.vote.cast && earlier.vote.recorded == record.vote.recorded;
            let (severity, code, what) = if same {
                repeated += 1;
                (Severity::Note, "vote-repeated", "the same votes and outcome are in")
            } else {
                (Severity::Warning, "vote-records-differ", "another record of this vote differs; compare it with")
            };
            findings.push(finding(severity, code, &record.place, format!("{symbol}: {what} {}", earlier.place)));
            if same {
                continue;
            }
        } else {
            first.insert(symbol, kept.len());
        }
        kept.push(record);
    }
    (kept, repeated)
}

/// The members of the Council by year, as the records name them. Terms are calendar years, so the
/// complete records of a year name exactly as many members as there are seats; a year that names
/// fewer is left out, and one that names more gets a finding.
fn members_by_year(records: &[VoteRecord], findings: &mut Vec<Finding>) -> BTreeMap<i16, BTreeSet<Member>> {
    let mut named: BTreeMap<i16, BTreeMap<Member, Vec<&VoteRecord>>> = BTreeMap::new();
    for record in records {
        if let Cast::Votes { named: votes, .. } = &record.vote.cast {
            for member in votes.keys() {
                named.entry(record.vote.year()).or_default().entry(member.clone()).or_default().push(record);
            }
        }
    }
    let mut complete = BTreeMap::new();
    for (year, members) in named {
        let seats = Date::new(year, 1, 1).map_or(0, |day| size_on(day).seats as usize);
        if members.len() == seats {
            complete.insert(year, members.into_keys().collect());
        } else if members.len() > seats {
            let rare: Vec<_> = members.iter().filter(|(m, votes)| !m.is_permanent() && votes.len() == 1).collect();
            let Some(place) =
                rare.first().or(members.iter().collect::<Vec<_>>().first()).and_then(|(_, votes)| votes.first())
            else {
                continue;
            };
            findings.push(finding(
                Severity::Warning,
                "more-members-than-seats",
                &place.place,
                format!(
                    "the votes of {year} name {} members for {seats} seats; named once only: {}; check these names",
                    members.len(),
                    if rare.is_empty() { "none".to_owned() } else { join_names(rare.into_iter().map(|(m, _)| m)) }
                ),
            ));
        }
    }
    complete
}

/// Enters the members that a vote does not list as not participating, where the year's membership
/// is known and nothing else explains the gap.
fn name_absent_members(
    record: &mut VoteRecord,
    members: &BTreeMap<i16, BTreeSet<Member>>,
    findings: &mut Vec<Finding>,
) {
    let Some(members) = members.get(&record.vote.year()) else { return };
    let Cast::Votes { named, unnamed } = &mut record.vote.cast else { return };
    if unnamed.total() > 0 || named.is_empty() {
        return;
    }
    let absent: Vec<Member> = members.iter().filter(|member| !named.contains_key(member)).cloned().collect();
    if absent.is_empty() {
        return;
    }
    findings.push(finding(
        Severity::Note,
        "member-not-listed",
        &record.place,
        format!(
            "{}: {} of the Council of {} is not among the {} members listed; taken as not participating",
            record.vote.symbol,
            join_names(&absent),
            record.vote.date.year(),
            named.len()
        ),
    ));
    named.extend(absent.into_iter().map(|member| (member, Vote::NotParticipating)));
}

fn note_procedural(place: &Place, vote: &CouncilVote, findings: &mut Vec<Finding>) {
    let Some(row) = procedural_question(&vote.symbol) else { return };
    let unverified = if row.reading == Reading::Memory { "; source not verified" } else { "" };
    findings.push(finding(
        Severity::Note,
        "procedural-question",
        place,
        format!("{}: decided as a procedural question: {} ({}{unverified})", vote.symbol, row.what, row.source),
    ));
}

fn count_findings(lines: &mut [ReplayLine], findings: &[Finding]) {
    let mut at: BTreeMap<(&str, Option<u64>), usize> = BTreeMap::new();
    for finding in findings {
        *at.entry((finding.place.file.as_str(), finding.place.row)).or_default() += 1;
    }
    for line in lines {
        line.findings = at.get(&(line.place.file.as_str(), line.place.row)).copied().unwrap_or(0);
    }
}

impl fmt::Display for ReplayLine {
    /// One line: symbol, day, counts, outcome by rule, outcome on record, whether they agree.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decision = &self.decision;
        let counts = format!("{}-{}-{}", decision.in_favour, decision.against, decision.abstaining);
        let agreement = match self.agreement {
            Agreement::Agrees => "agrees",
            Agreement::Disagrees => "DISAGREES",
            Agreement::Undecided => "undecided",
        };
        let (by_rule, on_record) = (decision.outcome.label(), self.recorded.label());
        write!(
            f,
            "{:<18} {}  {counts:>7}  rule: {by_rule:<22}  record: {on_record:<22}  {agreement}",
            self.symbol, self.date
        )?;
        if decision.not_participating > 0 {
            write!(f, "; {} not participating", decision.not_participating)?;
        }
        if self.question == Question::Procedural {
            f.write_str("; procedural")?;
        }
        match self.findings {
            0 => Ok(()),
            1 => f.write_str("; 1 finding"),
            n => write!(f, "; {n} findings"),
        }
    }
}

impl Replay {
    /// The summary in a few lines.
    pub fn summary(&self) -> String {
        let by = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        let repeated = match self.repeated {
            0 => String::new(),
            n => format!("{n} further records repeat a vote and are not counted again\n"),
        };
        format!(
            "{} votes: {} reproduced by rule ({} of them adopted without a vote), {} disagreements, {} undecided\n{} findings about the data: {} errors, {} warnings, {} notes\n{repeated}",
            self.votes,
            self.reproduced,
            self.without_vote,
            self.disagreements.len(),
            self.undecided,
            self.findings.len(),
            by(Severity::Error),
            by(Severity::Warning),
            by(Severity::Note),
        )
    }
}

impl fmt::Display for Replay {
    /// One line for each vote, then findings, disagreements and the summary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.decisions {
            writeln!(f, "{line}")?;
        }
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        for Disagreement { place, symbol, by_rule, on_record, reason } in &self.disagreements {
            writeln!(f, "disagreement: {place}: {symbol}: by rule {by_rule}, on record {on_record} ({reason})")?;
        }
        f.write_str(&self.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Procedure, TextKind};
    use super::*;

    const COUNCIL: [&str; 15] =
        ["CHN", "FRA", "GBR", "RUS", "USA", "ALB", "BRA", "ECU", "GAB", "GHA", "JPN", "MLT", "MOZ", "CHE", "ARE"];

    /// A vote in which the members in `against` and `abstaining` vote so, those in `unlisted` are not
    /// listed and everybody else is in favour.
    fn vote(
        symbol: &str,
        against: &[&str],
        abstaining: &[&str],
        unlisted: &[&str],
        recorded: RecordedOutcome,
    ) -> VoteRecord {
        let votes = COUNCIL.iter().filter(|code| !unlisted.contains(code)).map(|code| {
            let vote = match code {
                c if against.contains(c) => Vote::Against,
                c if abstaining.contains(c) => Vote::Abstaining,
                _ => Vote::InFavour,
            };
            (Member::from_code(code).unwrap(), vote)
        });
        VoteRecord {
            place: Place { file: "votes.json".to_owned(), row: Some(1), column: None },
            vote: CouncilVote {
                symbol: symbol.to_owned(),
                kind: TextKind::Resolution,
                date: jiff::civil::date(2023, 5, 1),
                procedure: Procedure::Meeting,
                meeting: None,
                record_document: None,
                draft: None,
                sponsors: Vec::new(),
                additional_sponsors: Vec::new(),
                agenda_item: None,
                title: None,
                chapter_vii_recorded: false,
                cast: Cast::named(votes),
                recorded,
            },
        }
    }

    /// Votes, reproduced, undecided, repeated, disagreements; then the codes of the findings.
    fn check(records: Vec<VoteRecord>, expect: [usize; 5], codes: &[&str]) {
        let replay = replay(records, Vec::new());
        let counts = [replay.votes, replay.reproduced, replay.undecided, replay.repeated, replay.disagreements.len()];
        let found: Vec<&str> = replay.findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!((counts, found.as_slice()), (expect, codes), "{replay}");
    }

    #[test]
    fn rule_and_record_are_compared_one_vote_at_a_time() {
        use RecordedOutcome::{Adopted, AdoptedWithoutVote, NotAdopted, Unstated, Vetoed};
        let one = |against: &[&str], recorded| vec![vote("S/RES/1 (2023)", against, &[], &[], recorded)];
        check(one(&[], Adopted), [1, 1, 0, 0, 0], &[]);
        check(one(&[], AdoptedWithoutVote), [1, 1, 0, 0, 0], &[]);
        check(one(&["USA"], Vetoed), [1, 1, 0, 0, 0], &[]);
        check(one(&["USA"], Adopted), [1, 0, 0, 0, 1], &[]);
        check(one(&["USA"], NotAdopted), [1, 0, 0, 0, 1], &[]);
        check(one(&["BRA"], Vetoed), [1, 0, 0, 0, 1], &[]);
        check(one(&[], Unstated), [1, 0, 1, 0, 0], &["vote-undecided"]);
        // 8 in favour: no veto, whoever voted against.
        check(one(&["CHN", "RUS", "ALB", "BRA", "ECU", "GAB", "GHA"], NotAdopted), [1, 1, 0, 0, 0], &[]);
        check(one(&["CHN", "RUS", "ALB", "BRA", "ECU", "GAB", "GHA"], Vetoed), [1, 0, 0, 0, 1], &[]);
    }

    #[test]
    fn a_procedural_question_is_known_from_the_table_and_said_to_be_one() {
        let record = vote("S/RES/2623 (2022)", &["RUS"], &["CHN", "ALB", "ARE"], &[], RecordedOutcome::Adopted);
        check(vec![record], [1, 1, 0, 0, 0], &["procedural-question"]);
        let record = vote("S/RES/2624 (2022)", &["RUS"], &["CHN", "ALB", "ARE"], &[], RecordedOutcome::Adopted);
        check(vec![record], [1, 0, 0, 0, 1], &[]);
    }

    #[test]
    fn a_vote_given_twice_is_counted_once_and_two_that_differ_are_both_kept() {
        let record = |abstaining: &[&str]| vote("S/RES/1 (2023)", &[], abstaining, &[], RecordedOutcome::Adopted);
        check(vec![record(&[]), record(&[])], [1, 1, 0, 1, 0], &["vote-repeated"]);
        check(vec![record(&[]), record(&["CHN"])], [2, 2, 0, 0, 0], &["vote-records-differ"]);
    }

    #[test]
    fn a_member_the_year_knows_and_one_vote_does_not_list_did_not_participate() {
        let all = vote("S/RES/1 (2023)", &[], &[], &[], RecordedOutcome::Adopted);
        let fourteen = vote("S/RES/2 (2023)", &[], &[], &["BRA"], RecordedOutcome::Adopted);
        check(vec![fourteen.clone()], [1, 1, 0, 0, 0], &[]);
        check(vec![all.clone(), fourteen.clone()], [2, 2, 0, 0, 0], &["member-not-listed"]);
        let replay = replay(vec![all, fourteen], Vec::new());
        assert_eq!(replay.decisions[1].decision.not_participating, 1);
    }

    #[test]
    fn a_sixteenth_name_in_a_year_is_a_finding() {
        let all = vote("S/RES/1 (2023)", &[], &[], &[], RecordedOutcome::Adopted);
        let mut other = vote("S/RES/2 (2023)", &[], &[], &["BRA"], RecordedOutcome::Adopted);
        let Cast::Votes { named, .. } = &mut other.vote.cast else { panic!("built from votes") };
        named.insert(Member::recognise("Ruritania").0, Vote::InFavour);
        let third = vote("S/RES/3 (2023)", &[], &[], &[], RecordedOutcome::Adopted);
        check(vec![all, other, third], [3, 3, 0, 0, 0], &["more-members-than-seats"]);
    }

    #[test]
    fn the_json_form_keeps_its_names() {
        let replay = replay(vec![vote("S/RES/1 (2023)", &["USA"], &[], &[], RecordedOutcome::Adopted)], Vec::new());
        let json = serde_json::to_value(&replay).unwrap();
        assert_eq!((json["votes"].as_u64(), json["reproduced"].as_u64()), (Some(1), Some(0)));
        assert_eq!(json["disagreements"][0]["symbol"], "S/RES/1 (2023)");
        assert_eq!(json["decisions"][0]["decision"]["outcome"]["kind"], "vetoed");
        assert_eq!(json["decisions"][0]["decision"]["outcome"]["by"][0], "USA");
        assert!(json["findings"].as_array().is_some_and(Vec::is_empty));
    }

    #[test]
    fn a_vote_reads_as_one_line() {
        let replay = replay(vec![vote("S/RES/1 (2023)", &["USA"], &["BRA"], &[], RecordedOutcome::Vetoed)], Vec::new());
        assert_eq!(
            replay.decisions[0].to_string(),
            "S/RES/1 (2023)     2023-05-01   13-1-1  rule: vetoed                  record: vetoed                  agrees"
        );
    }
}
