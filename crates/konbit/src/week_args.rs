//! The arguments of `konbit week`.

use crate::args::{Acting, Changing, Output};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What to do with the week.
#[derive(Debug, Subcommand)]
pub enum WeekCommand {
    /// Plan the week, starting from the plan in force; also after a loss
    Plan(Box<PlanArgs>),
    /// The roster behind the plan in force: who is on duty when
    Roster(RosterArgs),
    /// Commit to what is drawn for the slots to come; what it is stays secret
    Draw {
        /// The mission directory
        dir: PathBuf,
        /// For so many slots from now on, at most 112; a day of them if absent
        #[arg(long)]
        slots: Option<usize>,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        output: Output,
    },
    /// Publish what was drawn for slots that have ended, and what was changed in them
    Reveal {
        /// The mission directory
        dir: PathBuf,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        output: Output,
    },
    /// List the draws and check each that was revealed
    Draws {
        /// The mission directory
        dir: PathBuf,
        /// Write draws.csv and the plan files that they name into this folder: all that anyone needs to draw again
        #[arg(long, value_name = "FOLDER")]
        files: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Who does what in a slot, with next-best duties; not for publication before the slot ends
    Sheet {
        /// The mission directory
        dir: PathBuf,
        /// now, next, or when the slot begins, such as 2023-10-02T06:00 (local time)
        #[arg(long, default_value = "now")]
        slot: String,
        /// Only this section
        #[arg(long, value_name = "ID")]
        section: Option<String>,
        /// How to print it
        #[arg(long, value_enum, default_value_t = TableFormat::Text)]
        format: TableFormat,
        /// The file to write; standard output if absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Change what was drawn for a slot, priced at once; recorded by a digest until the slot has ended
    Override(OverrideArgs),
    /// What more people of a contingent buy, with proven bands; also where one more unit would stand
    Curve(Box<CurveArgs>),
    /// The week as if none, half or all of the attempts were made by those who watch
    Alpha(Box<StudyArgs>),
    /// The week with each judged figure at both ends of its interval
    Sensitivity(Box<StudyArgs>),
    /// Two plans of the week side by side
    Compare(Box<CompareArgs>),
    /// Score a plan of the week made by hand, whatever rules it breaks, beside the plan in force
    Score {
        /// The mission directory
        dir: PathBuf,
        /// The table; to start from one: konbit export DIR week-by-hand
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

/// The question that a plan of the week answers.
#[derive(Debug, Args)]
pub struct Asking {
    /// Share of attempts by those who watch the pattern, 0 to 1, instead of the planning figures'
    #[arg(long)]
    pub alpha: Option<f64>,
    /// People of a contingent, instead of those of the figures of the week
    #[arg(long, value_name = "CONTINGENT=N")]
    pub personnel: Vec<String>,
    /// A site where no post can stand
    #[arg(long, value_name = "ID")]
    pub lost_site: Vec<String>,
    /// A base where no reaction force can wait
    #[arg(long, value_name = "ID")]
    pub lost_base: Vec<String>,
    /// A patrol that cannot be done
    #[arg(long, value_name = "ID")]
    pub lost_patrol: Vec<String>,
    #[command(flatten)]
    pub changing: Changing,
    /// Seed of the search; the same seed gives the same plan
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Asking {
    /// Whether the mission's own figures are asked about.
    pub fn is_plain(&self) -> bool {
        let Self { alpha, personnel, lost_site, lost_base, lost_patrol, changing, seed } = self;
        let Changing { floor, post, no_post, set } = changing;
        let lists = [personnel, lost_site, lost_base, lost_patrol, floor, post, no_post, set];
        alpha.is_none() && *seed == 1 && lists.iter().all(|list| list.is_empty())
    }
}

/// A study of a plan of the week: of the one in force, or of the answer to a question, which is planned first.
#[derive(Debug, Args)]
pub struct StudyArgs {
    /// The mission directory
    pub dir: PathBuf,
    #[command(flatten)]
    pub asking: Asking,
    /// Stop after so many seconds with what there is, as Ctrl-C does
    #[arg(long)]
    pub seconds: Option<f64>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
    /// The file to write; standard output if absent
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `konbit week curve`.
#[derive(Debug, Args)]
pub struct CurveArgs {
    #[command(flatten)]
    pub study: StudyArgs,
    /// The contingent whose people change; the largest if absent
    #[arg(long, value_name = "ID")]
    pub contingent: Option<String>,
}

/// `konbit week compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    pub study: StudyArgs,
    /// in-force, pattern (a plain one), question (the answer to the one that is asked), a plan file, or the id of an
    /// adopted plan
    #[arg(value_name = "PLAN_A")]
    pub first: String,
    /// The other plan
    #[arg(value_name = "PLAN_B")]
    pub second: String,
}

/// `konbit week plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The mission directory
    pub dir: PathBuf,
    #[command(flatten)]
    pub asking: Asking,
    /// Stop after so many seconds with the best plan so far, as Ctrl-C does
    #[arg(long)]
    pub seconds: Option<f64>,
    /// Plan from nothing, not from the plan in force
    #[arg(long)]
    pub afresh: bool,
    #[command(flatten)]
    pub format: Output,
    /// Write the plan file (konbit-plan/2) here
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Put the plan in force, with this reason
    #[arg(long, value_name = "REASON")]
    pub adopt: Option<String>,
    #[command(flatten)]
    pub acting: Acting,
}

/// `konbit week roster`.
#[derive(Debug, Args)]
pub struct RosterArgs {
    /// The mission directory
    pub dir: PathBuf,
    /// One section's sheet
    #[arg(long, value_name = "ID")]
    pub section: Option<String>,
    /// A day of the week to print; this week if absent
    #[arg(long, value_name = "DATE")]
    pub start: Option<jiff::civil::Date>,
    /// The section's duties as a calendar (iCalendar)
    #[arg(long, requires = "section")]
    pub calendar: bool,
    /// Write a calendar for each section into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["section", "output"])]
    pub all_calendars: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
    /// The file to write; standard output if absent
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `konbit week override`.
#[derive(Debug, Args)]
pub struct OverrideArgs {
    /// The mission directory
    pub dir: PathBuf,
    /// now, next, or when the slot begins, such as 2023-10-02T06:00 (local time)
    #[arg(long)]
    pub slot: String,
    /// A move, such as kenya:post=apt-pap:force=base-log-base; - for standing by
    #[arg(long = "move", required = true, value_name = "CONTINGENT:FROM:TO", allow_hyphen_values = true)]
    pub moves: Vec<String>,
    /// Why
    #[arg(long, required_unless_present = "price_only")]
    pub reason: Option<String>,
    /// Only say what it would cost
    #[arg(long)]
    pub price_only: bool,
    #[command(flatten)]
    pub acting: Acting,
    #[command(flatten)]
    pub output: Output,
}

/// Formats of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// For people
    Text,
    /// For spreadsheets, with a row of HXL tags
    Csv,
    /// For programs
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser as _;

    /// The study that `konbit week ARGS` asks for, or the first line of what clap says of it.
    fn study(args: &str) -> Result<StudyArgs, String> {
        let all = ["konbit", "week"].into_iter().chain(args.split_whitespace());
        let cli = Cli::try_parse_from(all)
            .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())?;
        let Command::Week { command } = cli.command else { panic!("{args} is no command of the week") };
        Ok(match command {
            WeekCommand::Curve(args) => args.study,
            WeekCommand::Compare(args) => args.study,
            WeekCommand::Alpha(args) | WeekCommand::Sensitivity(args) => *args,
            other => panic!("{other:?} is no study"),
        })
    }

    #[test]
    fn a_question_is_told_from_the_plan_in_force() {
        let check = |args: &str, is_plain: bool| assert_eq!(study(args).unwrap().asking.is_plain(), is_plain, "{args}");
        check("curve d", true);
        check("curve d --contingent kenya --seconds 4 --format csv -o f", true);
        check("curve d --seed 1", true);
        check("curve d --seed 2", false);
        check("sensitivity d --alpha 0", false);
        check("sensitivity d --personnel kenya=900", false);
        check("alpha d --lost-site a", false);
        check("alpha d --lost-base a", false);
        check("alpha d --lost-patrol a", false);
        check("compare d in-force pattern", true);
        check("compare d in-force question --floor school=0.2", false);
        check("compare d in-force question --post a", false);
        check("compare d in-force question --no-post a", false);
        check("compare d in-force question --set patrol=0.4", false);
    }

    #[test]
    fn what_a_study_does_not_take_is_refused() {
        let check = |args: &str, says: &str| {
            let said = study(args).unwrap_err();
            assert!(said.contains(says), "{args}: {said}");
        };
        check("curve d --step 10", "unexpected argument '--step'");
        check("curve d --seconds soon", "invalid value 'soon'");
        check("curve d --format geojson", "invalid value 'geojson'");
        check("curve d --adopt reason", "unexpected argument '--adopt'");
        check("alpha d --contingent kenya", "unexpected argument '--contingent'");
        check("compare d in-force", "required arguments were not provided");
        check("compare d a b c", "unexpected argument 'c'");
    }

    #[test]
    fn the_directory_comes_first_and_then_the_plans() {
        let cli = Cli::try_parse_from(["konbit", "week", "compare", "d", "in-force", "other.json"]).unwrap();
        let Command::Week { command: WeekCommand::Compare(args) } = cli.command else { panic!("{cli:?}") };
        assert_eq!((args.study.dir, args.first, args.second), ("d".into(), "in-force".into(), "other.json".into()));
    }
}
