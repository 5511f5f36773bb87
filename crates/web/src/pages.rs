//! The pages: pure functions from the mission's state to markup.

pub mod about;
pub mod contributions;
pub mod council;
pub mod glance;
pub mod mandate;
pub mod protection;
pub mod record;
pub mod roads;
pub mod situation;
pub mod study;
pub mod week;
