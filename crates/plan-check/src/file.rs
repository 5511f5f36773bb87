//! Reading a plan file, its limits, and the hash of its problem.

use crate::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What is checked at most, so that no file can keep the checker busy for long.
pub mod limits {
    /// Bytes of the file.
    pub const BYTES_MAX: usize = 256 << 20;
    /// Persons harmed by one attempt, in thousandths.
    pub const VALUE_MILLI_MAX: u64 = 1_000_000_000;
    /// Attempts per week, in millionths.
    pub const ATTEMPTS_MICRO_MAX: u64 = 10_000_000_000;
    /// Seats of one post or force.
    pub const SEATS_MAX: u32 = 10_000;
    /// Personnel.
    pub const PERSONNEL_MAX: u32 = 1_000_000;
    /// Denominators of probabilities and of the attacker's mixture.
    pub const SHARE_DENOMINATOR_MAX: u64 = 1_000_000_000_000;
    /// Denominator of prices.
    pub const PRICE_DENOMINATOR_MAX: u64 = 1_000_000_000_000_000_000;
    /// Schedules, or nodes of a proof, times sites and pairs of site and base.
    pub const STEPS_MAX: usize = 1_000_000_000;
    /// Things times seats of a contingent whose seats a leaf counts whole.
    pub const WHOLE_SEATS_CELLS_MAX: u64 = 1_000_000;
}

/// One, in parts per million.
pub(crate) const PPM: u32 = 1_000_000;

#[derive(Deserialize)]
pub(crate) struct PlanFile {
    pub format: String,
    pub value: Option<f64>,
    pub bound: Option<f64>,
    pub gap: Option<f64>,
    pub status: String,
    /// Read to require it; a seed proves nothing.
    #[serde(rename = "seed")]
    pub _seed: u64,
    pub problem_hash: String,
    pub seconds: f64,
    pub personnel: u32,
    pub sites: Vec<SiteRow>,
    pub problem: ProblemPart,
    pub probability_denominator: u64,
    pub schedules: Vec<SchedulePart>,
    pub certificate: Option<CertificatePart>,
    #[serde(default)]
    pub more_and_fewer: Vec<CurvePart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SiteRow {
    pub id: String,
    pub posture: String,
    pub protection: f64,
    pub post_share: f64,
    #[serde(default)]
    pub base: Option<String>,
    #[serde(default)]
    pub minutes: Option<f64>,
    pub harm_per_attempt: f64,
    pub harm_share: f64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProblemPart {
    pub sites: Vec<SitePart>,
    pub bases: Vec<BasePart>,
    pub reach: Vec<ReachPart>,
    pub static_effect_ppm: u32,
    pub alpha_ppm: u32,
    pub watched_attempts_micro: u64,
    pub personnel: u32,
    pub relief_factor_milli: u32,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SitePart {
    pub id: String,
    pub value_milli: u64,
    pub attempts_micro: u64,
    pub seats: u32,
    pub floor_ppm: u32,
    pub mandatory: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionPart>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PositionPart {
    pub lat_micro: i32,
    pub lon_micro: i32,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasePart {
    pub id: String,
    pub forces_max: u32,
    pub seats: u32,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReachPart {
    pub site: u32,
    pub base: u32,
    pub effect_ppm: u32,
    pub minutes_tenths: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SchedulePart {
    pub probability: u64,
    pub posts: Vec<u32>,
    pub forces: Vec<(u32, u32)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificatePart {
    pub attacker_denominator: u64,
    pub attacker: Vec<(u32, u64)>,
    pub price_denominator: u64,
    pub floor_prices: Vec<(u32, u64)>,
    pub nodes: Vec<NodePart>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum NodePart {
    Post { site: u32, without: u32, with: u32 },
    Force { base: u32, without: u32, with: u32 },
    Bound { seat_price: u64, site_prices: Vec<(u32, u64)> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CurvePart {
    pub personnel: u32,
    pub value: Option<f64>,
    pub bound: Option<f64>,
}

#[derive(Deserialize)]
struct Head {
    format: Option<String>,
}

/// The format that the file states, if it states one; refused where it is none of those checked.
pub(crate) fn format(bytes: &[u8]) -> Result<Option<String>, Refusal> {
    if bytes.len() > limits::BYTES_MAX {
        return Err(Refusal::TooLarge(format!("{} bytes; at most {} are checked", bytes.len(), limits::BYTES_MAX)));
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    match head.format {
        Some(format) if format != "konbit-plan/1" && format != "konbit-plan/2" => {
            Err(Refusal::Format(format.chars().take(40).collect()))
        }
        format => Ok(format),
    }
}

fn malformed(error: &serde_json::Error) -> Refusal {
    Refusal::Malformed(error.to_string().chars().take(300).collect())
}

/// Parses a file of format 1 and checks sizes.
pub(crate) fn read(bytes: &[u8]) -> Result<PlanFile, Refusal> {
    let plan: PlanFile = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    if plan.format != "konbit-plan/1" {
        return Err(Refusal::Format(plan.format.chars().take(40).collect()));
    }
    let size = plan.problem.sites.len() + plan.problem.bases.len() + plan.problem.reach.len();
    let nodes = plan.certificate.as_ref().map_or(0, |certificate| certificate.nodes.len());
    let steps = size.saturating_mul(plan.schedules.len().max(nodes));
    if steps > limits::STEPS_MAX {
        return Err(Refusal::TooLarge(format!("{steps} steps of arithmetic; at most {} are made", limits::STEPS_MAX)));
    }
    Ok(plan)
}

pub(crate) fn within(what: &str, value: u64, least: u64, most: u64) -> Result<(), Refusal> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Refusal::Problem(format!("{what} is {value}; it must be between {least} and {most}")))
}

pub(crate) fn unique<'a>(what: &str, ids: impl Iterator<Item = &'a String>) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if id.is_empty() || !seen.insert(id) {
            return Err(Refusal::Problem(format!("the {what} {id:?} is empty or there twice")));
        }
    }
    Ok(())
}

impl ProblemPart {
    /// The rules that a problem keeps, checked again.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.sites.is_empty() {
            return Err(Refusal::Problem("there are no sites".to_owned()));
        }
        unique("site", self.sites.iter().map(|site| &site.id))?;
        unique("base", self.bases.iter().map(|base| &base.id))?;
        let ppm = u64::from(PPM);
        for site in &self.sites {
            let named = |field: &str| format!("{field} of site {:?}", site.id);
            within(&named("value_milli"), site.value_milli, 0, limits::VALUE_MILLI_MAX)?;
            within(&named("attempts_micro"), site.attempts_micro, 0, limits::ATTEMPTS_MICRO_MAX)?;
            within(&named("seats"), site.seats.into(), 1, limits::SEATS_MAX.into())?;
            within(&named("floor_ppm"), site.floor_ppm.into(), 0, ppm)?;
            if let Some(position) = &site.position {
                within(&named("latitude"), position.lat_micro.unsigned_abs().into(), 0, 90_000_000)?;
                within(&named("longitude"), position.lon_micro.unsigned_abs().into(), 0, 180_000_000)?;
            }
        }
        for base in &self.bases {
            within(&format!("seats of base {:?}", base.id), base.seats.into(), 1, limits::SEATS_MAX.into())?;
        }
        let mut seen = BTreeSet::new();
        for reach in &self.reach {
            if reach.site as usize >= self.sites.len() || reach.base as usize >= self.bases.len() {
                return Err(Refusal::Problem(format!(
                    "reach names site {} and base {}, which are not both there",
                    reach.site, reach.base
                )));
            }
            if !seen.insert((reach.site, reach.base)) {
                return Err(Refusal::Problem(format!("reach of site {} and base {} twice", reach.site, reach.base)));
            }
            within("effect_ppm of reach", reach.effect_ppm.into(), 0, ppm)?;
        }
        within("static_effect_ppm", self.static_effect_ppm.into(), 0, ppm)?;
        within("alpha_ppm", self.alpha_ppm.into(), 0, ppm)?;
        within("watched_attempts_micro", self.watched_attempts_micro, 0, limits::ATTEMPTS_MICRO_MAX)?;
        within("personnel", self.personnel.into(), 0, limits::PERSONNEL_MAX.into())?;
        within("relief_factor_milli", self.relief_factor_milli.into(), 1_000, 100_000)
    }

    /// Persons on duty at the same time.
    pub(crate) fn seats(&self) -> u64 {
        u64::from(self.personnel) * 1_000 / u64::from(self.relief_factor_milli)
    }

    pub(crate) fn mandatory_seats(&self) -> u64 {
        self.sites.iter().filter(|site| site.mandatory).map(|site| u64::from(site.seats)).sum()
    }

    /// For each site its bases and their effect, best first.
    pub(crate) fn help(&self) -> Vec<Vec<(u32, usize)>> {
        let mut help = vec![Vec::new(); self.sites.len()];
        for reach in self.reach.iter().filter(|reach| reach.effect_ppm > 0) {
            help[reach.site as usize].push((reach.effect_ppm, reach.base as usize));
        }
        for list in &mut help {
            list.sort_unstable_by(|a, b| b.cmp(a));
        }
        help
    }

    /// SHA-256 of the canonical JSON.
    pub(crate) fn hash(&self) -> Result<String, Refusal> {
        hash_of(self)
    }
}

/// SHA-256 of the canonical JSON: keys sorted by bytes, no white space, whole numbers.
pub(crate) fn hash_of(part: &impl Serialize) -> Result<String, Refusal> {
    let value = serde_json::to_value(part).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let mut text = String::new();
    canonical(&value, &mut text);
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        write!(hex, "{byte:02x}").expect("writing to a string does not fail");
    }
    Ok(hex)
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(&members[key], out);
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}
