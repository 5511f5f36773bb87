//! The command line of Konbit.
//!
//! Owns: arguments, reading and writing the files the user names, progress on a terminal, exit
//! codes, and the only real clock. Everything else is in `konbit-desk` and below.

mod args;
mod commands;
mod cosign;
mod cosigning;
mod files;
mod keeping;
mod output;
mod outsider;
mod planning;
mod roads;
mod serve;
mod stop;
mod verifying;
mod week;
mod week_args;
mod week_score;
mod week_study;

use args::{Cli, Command, CouncilCommand};
use clap::Parser as _;
use konbit_desk::Weather;
use std::path::Path;
use std::process::ExitCode;

/// How a command ended, when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Done, and all is well.
    Well,
    /// Done, but something does not hold.
    Badly,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::from(1),
        // The reader of our output went away, as `konbit export ... | head` does: nothing is wrong.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("konbit: {}", in_words(&error));
            ExitCode::from(3)
        }
    }
}

/// An error with its causes, each said once: some name their cause themselves.
fn in_words(error: &anyhow::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .reduce(|said, cause| if said.ends_with(&cause) { said } else { format!("{said}: {cause}") })
        .unwrap_or_default()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

fn run(command: Command) -> anyhow::Result<Ended> {
    match command {
        Command::Demo { dir, listen, no_serve } => {
            serve::demo(dir.as_deref().filter(|dir| !dir.is_empty()).map(Path::new), &listen, no_serve)
        }
        Command::Init { dir, example, name, output } => commands::init(&dir, example.as_deref(), &name, output.format),
        Command::Import { dir, kind, files, acting, output } => {
            commands::import(&dir, &kind, &files, &acting.role, output.format)
        }
        Command::Withdraw { dir, subject, id, reason, acting, output } => {
            commands::withdraw(&dir, &subject, &id, &reason, &acting.role, output.format)
        }
        Command::Check { dir, output } => commands::check(&dir, output.format),
        Command::Plan { dir, personnel, alpha, changing, seconds, seed, format, output, adopt, acting } => {
            planning::plan(&planning::PlanArgs {
                dir: &dir,
                changing: &changing,
                personnel,
                alpha,
                seconds,
                seed,
                format,
                output: output.as_deref(),
                adopt: adopt.as_deref(),
                role: &acting.role,
            })
        }
        Command::Score { dir, file, output } => planning::score_by_hand(&dir, &file, output.format),
        Command::Week { command } => week::run(command),
        Command::CheckPlan { file, output } => commands::check_plan(&file, output.format),
        Command::Council { command: CouncilCommand::Replay { files, output } } => {
            commands::replay(&files, output.format)
        }
        Command::Export { dir, kind, geojson, output } => commands::export(&dir, &kind, geojson, output.as_deref()),
        Command::Backup { dir, to, output } => keeping::backup(&dir, &to, output.format),
        Command::Restore { copy, dir, output } => keeping::restore(&copy, &dir, output.format),
        Command::Epoch { dir, reason, acting, output } => keeping::epoch(&dir, &reason, &acting.role, output.format),
        Command::Erase { dir, entries, reason, authority, acting, output } => {
            keeping::erase(&dir, &entries, &reason, &authority, &acting.role, output.format)
        }
        Command::Prove { dir, entry, with_body, output } => keeping::prove(&dir, entry, with_body, output.as_deref()),
        Command::Cosign { command } => cosign::cosign(&command),
        Command::Witness(args) => outsider::witness(args),
        Command::Mirror(args) => outsider::mirror(&args),
        Command::Proof { command } => outsider::proof(&command),
        Command::Policy { command } => outsider::policy(&command),
        Command::Compare(args) => outsider::compare(&args),
        Command::Route { dir, from, to, profile, night, rain, output } => roads::route(&roads::RouteArgs {
            dir: &dir,
            from: &from,
            to: &to,
            profile: profile.as_deref(),
            weather: Weather { night, rain },
            format: output.format,
        }),
        Command::Verify { dir, output } => commands::verify(&dir, output.format),
        Command::Serve { dir, listen, cosign_seconds, verify_hours } => {
            serve::serve(&dir, listen.as_deref(), serve::Beside { cosign_seconds, verify_hours })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_of_an_error_is_said_once() {
        let cause = || std::io::Error::other("gone");
        let names_it = anyhow::Error::new(cause()).context("cannot read a: gone");
        assert_eq!(in_words(&names_it), "cannot read a: gone");
        assert_eq!(in_words(&anyhow::Error::new(cause()).context("cannot read a")), "cannot read a: gone");
    }
}
