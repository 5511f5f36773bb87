//! Ending a search early: at a deadline, or when the user presses Ctrl-C.

use anyhow::{Result, bail};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Exit code of a program that Ctrl-C ended, by the custom of shells.
const INTERRUPTED: i32 = 130;

/// When a search is to end with what it has.
pub struct Stop {
    deadline: Option<Instant>,
    pressed: Arc<AtomicBool>,
}

impl Stop {
    /// Ends after `seconds` from now on, if given, and at the first Ctrl-C. A second one ends the program.
    pub fn after(seconds: Option<f64>) -> Result<Self> {
        let deadline = seconds.map(deadline).transpose()?;
        let pressed = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&pressed);
        // Where no thread or handler can be had, Ctrl-C ends the program as it does everywhere.
        let _ = std::thread::Builder::new().name("ctrl-c".to_owned()).spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                if tokio::signal::ctrl_c().await.is_ok() {
                    flag.store(true, Ordering::Relaxed);
                    if tokio::signal::ctrl_c().await.is_ok() {
                        std::process::exit(INTERRUPTED);
                    }
                }
            });
        });
        Ok(Self { deadline, pressed })
    }

    /// Whether to end now.
    pub fn now(&self) -> bool {
        self.pressed.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

fn deadline(seconds: f64) -> Result<Instant> {
    let duration =
        Duration::try_from_secs_f64(seconds).ok().filter(|duration| *duration <= Duration::from_secs(86_400));
    let Some(duration) = duration else { bail!("--seconds is {seconds}; give a number from 0 to 86400") };
    Ok(Instant::now() + duration)
}
