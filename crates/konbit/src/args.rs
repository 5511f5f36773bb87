//! The command line, as `konbit help` shows it.

use crate::outsider::args::{CompareArgs, MirrorArgs, PolicyCommand, ProofCommand, WitnessArgs};
use crate::week_args::WeekCommand;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Runs a security mission that the Security Council has authorised: decision, mandate,
/// contributions, situation, protection plan, and the record behind them.
#[derive(Debug, Parser)]
#[command(name = "konbit", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  done, but something does not hold: rows that could not be kept, a plan that is not feasible,
     a record or a draw that does not verify, a vote that the rule does not reproduce
  2  the command line is not understood
  3  not done; the message says why, and nothing was changed";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a mission directory from the worked example, plan for it, and serve it
    Demo {
        /// Keep it here and use it again next time; without it (or empty) a temporary directory, removed at the end
        #[arg(long, env = "KONBIT_DEMO_DIR", value_name = "DIR")]
        dir: Option<String>,
        /// Address to listen on; port 0 takes any free port
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: String,
        /// Make the mission directory and stop, without serving it
        #[arg(long)]
        no_serve: bool,
    },
    /// Make a mission directory
    Init {
        /// The directory; new or empty
        dir: PathBuf,
        /// Fill it with a worked example
        #[arg(long, value_name = "NAME")]
        example: Option<String>,
        /// Name of the mission
        #[arg(long, default_value = "Mission")]
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Import files: all that is usable, in one step; a failed import changes nothing
    Import {
        /// The mission directory
        dir: PathBuf,
        /// Kind of data, such as sites, incidents, contributions
        kind: String,
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        output: Output,
    },
    /// Withdraw a record, such as one imported in error; the history keeps it
    Withdraw {
        /// The mission directory
        dir: PathBuf,
        /// Subject of the record, such as site
        subject: String,
        /// Its id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        output: Output,
    },
    /// Say what is wrong or missing in the mission's data
    Check {
        /// The mission directory
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Make a protection plan with its bound
    Plan {
        /// The mission directory
        dir: PathBuf,
        /// People in the force, instead of the number in the planning figures
        #[arg(long)]
        personnel: Option<u32>,
        /// Share of attempts by those who watch the pattern, 0 to 1, instead of the planning figures'
        #[arg(long)]
        alpha: Option<f64>,
        #[command(flatten)]
        changing: Changing,
        /// Stop after so many seconds with the best plan so far; so does Ctrl-C
        #[arg(long)]
        seconds: Option<f64>,
        /// Seed of the draws; the same seed gives the same plan
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How to print it
        #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
        format: PlanFormat,
        /// Write the plan file (JSON, or GeoJSON with --format geojson) here
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Put the plan in force, with this reason
        #[arg(long, value_name = "REASON")]
        adopt: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Score a plan made by hand (CSV) by the evaluator of the planner, against the plan in force
    Score {
        /// The mission directory
        dir: PathBuf,
        /// The table: schedule,probability,place,kind,count, or only a column: site
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// The week: its plan, the roster, draws, sheets, and what commanders change
    Week {
        /// What to do with it
        #[command(subcommand)]
        command: WeekCommand,
    },
    /// Recompute value and bound of a plan from its file alone, in exact rationals
    CheckPlan {
        /// The plan file
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Votes of the Security Council
    Council {
        /// What to do with them
        #[command(subcommand)]
        command: CouncilCommand,
    },
    /// Write data out
    Export {
        /// The mission directory
        dir: PathBuf,
        /// What to write: sites, bases, incidents, areas, contributions, obligations, road-reports, plan or plan-by-hand;
        /// of the week: week-plan, week-by-hand, roster or draws
        kind: String,
        /// GeoJSON instead of CSV with HXL tags (for a plan: instead of the plan file)
        #[arg(long)]
        geojson: bool,
        /// The file to write; standard output if absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Copy a mission to a new directory while it is in use, and verify the copy
    Backup {
        /// The mission directory
        dir: PathBuf,
        /// The copy; new or empty
        to: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Put a copy in place: in a new directory, or where the record is gone
    Restore {
        /// The copy that `konbit backup` made
        copy: PathBuf,
        /// The mission directory
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Go on after entries were lost: a signed new epoch that cites the last signed head
    Epoch {
        /// The mission directory
        dir: PathBuf,
        /// What happened
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        output: Output,
    },
    /// Erase what entries said, for good, by an order that stands in the record
    Erase {
        /// The mission directory
        dir: PathBuf,
        /// Numbers of the entries
        #[arg(required = true)]
        entries: Vec<u64>,
        /// Why; it stays in the record, so it must not repeat what is erased
        #[arg(long)]
        reason: String,
        /// The rule or decision that orders it; it stays in the record too
        #[arg(long)]
        authority: String,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        output: Output,
    },
    /// Write the proof of an entry, for anyone to check with `konbit proof check`
    Prove {
        /// The mission directory
        dir: PathBuf,
        /// Number of the entry
        entry: u64,
        /// Let the proof carry what the entry said
        #[arg(long)]
        with_body: bool,
        /// The file to write; standard output if absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Signatures of witnesses on the record's heads
    Cosign {
        /// What to do
        #[command(subcommand)]
        command: CosignCommand,
    },
    /// Be a witness: cosign the heads of records, over HTTP or by hand
    Witness(WitnessArgs),
    /// Copy a record as files that anyone can serve, checking all of it
    Mirror(MirrorArgs),
    /// Proofs of entries, checked with no network
    Proof {
        /// What to do
        #[command(subcommand)]
        command: ProofCommand,
    },
    /// Policies: whom to trust
    Policy {
        /// What to do
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Compare the heads that witnesses, mirrors and readers hold of a record: 0 = all of one history
    Compare(CompareArgs),
    /// The quickest way by road, as the roads are reported now
    Route {
        /// The mission directory
        dir: PathBuf,
        /// Where from: id of a base, site or town, or LAT,LON
        #[arg(allow_hyphen_values = true)]
        from: String,
        /// Where to
        #[arg(allow_hyphen_values = true)]
        to: String,
        /// Travel profile, such as patrol-vehicle, armoured-vehicle or foot
        #[arg(long)]
        profile: Option<String>,
        /// By night
        #[arg(long)]
        night: bool,
        /// In rain
        #[arg(long)]
        rain: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Recompute the record's tree and name the first entry that does not match
    Verify {
        /// The mission directory
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Serve the pages
    Serve {
        /// The mission directory
        dir: PathBuf,
        /// Address to listen on, instead of the one in konbit.toml; port 0 takes any free port
        #[arg(long)]
        listen: Option<String>,
        /// Ask the witnesses that have an address so often, if the record has grown or their last cosignature is more
        /// than an hour old; 0 = never
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        cosign_seconds: u32,
        /// Verify the whole record in the background so often, the first time a minute after the start; 0 = never
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        verify_hours: u32,
    },
}

/// What to do with votes.
#[derive(Debug, Subcommand)]
pub enum CouncilCommand {
    /// Decide recorded votes by rule and compare with the recorded outcomes
    Replay {
        /// Files of votes (JSON, one object a line) and of drafts and resolutions (Akoma Ntoso XML)
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
}

/// What to do about witnesses.
#[derive(Debug, Subcommand)]
pub enum CosignCommand {
    /// Say which witnesses have to cosign (C2SP tlog-policy)
    Policy {
        /// The mission directory
        dir: PathBuf,
        /// The policy
        file: PathBuf,
    },
    /// Ask witnesses over HTTP to cosign the last signed head, and keep what they answer
    Ask {
        /// The mission directory
        dir: PathBuf,
        /// Names of witnesses in the policy; all that have an address if absent
        witnesses: Vec<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Write a request to cosign the last signed head, to be carried to a witness
    Request {
        /// The mission directory
        dir: PathBuf,
        /// Name of the witness in the policy; needed where witnesses have cosigned different heads last
        #[arg(long, value_name = "NAME")]
        witness: Option<String>,
        /// Entries that the witness cosigned last, instead of what is known here; 0 if it has not yet
        #[arg(long, value_name = "ENTRIES")]
        old: Option<u64>,
        /// The file to write: the request, or a QR code of it if the name ends in .svg
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Draw the request as a QR code on the screen
        #[arg(long)]
        qr: bool,
    },
    /// Keep the answers of witnesses that were carried back
    Keep {
        /// The mission directory
        dir: PathBuf,
        /// The answers
        #[arg(required = true)]
        answers: Vec<PathBuf>,
    },
    /// Say how far witnesses have cosigned, and when
    Status {
        /// The mission directory
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, Args)]
pub struct Output {
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What is changed of the planning figures, for a question.
#[derive(Debug, Default, Args)]
pub struct Changing {
    /// Least protection of a kind of site, 0 to 1 or a per cent, such as school=0.2
    #[arg(long, value_name = "KIND=SHARE")]
    pub floor: Vec<String>,
    /// Demand a post at this site in every schedule
    #[arg(long, value_name = "SITE")]
    pub post: Vec<String>,
    /// Demand no post at this site
    #[arg(long, value_name = "SITE")]
    pub no_post: Vec<String>,
    /// Another planning figure, such as static=0.7, decay=20, relief=5, seats.school=6 or value.hospital=12; of the week
    /// also patrol=0.4, `slot_attempts.nights=1.5` and `reach.kenya=90`
    #[arg(long = "set", value_name = "FIGURE=VALUE")]
    pub set: Vec<String>,
}

/// Who acts.
#[derive(Debug, Clone, Args)]
pub struct Acting {
    /// Role under which it stands in the record
    #[arg(long = "as", value_name = "ROLE", default_value = "operator")]
    pub role: String,
}

/// Text for people, JSON for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Formats of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people
    Text,
    /// The plan file
    Json,
    /// The sites with what each gets, for a map
    Geojson,
}
