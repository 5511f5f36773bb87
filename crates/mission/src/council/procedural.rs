//! Resolutions known to have been put to the vote as procedural questions.
//!
//! No field of the vote files says that a question is procedural; this table does, by symbol, each
//! row with its source. All rows call an emergency special session of the General Assembly, which
//! General Assembly resolution 377 A (V) ("Uniting for Peace", 3 November 1950) lets the Council do
//! by the vote of any seven, since 1966 any nine, of its members.

use konbit_base::Reading;

/// One question treated as procedural.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProceduralQuestion {
    /// Symbol of the resolution.
    pub symbol: &'static str,
    /// What was decided.
    pub what: &'static str,
    /// Where the vote is recorded.
    pub source: &'static str,
    /// How the source was read.
    pub reading: Reading,
}

/// The table, by date.
pub const PROCEDURAL_QUESTIONS: &[ProceduralQuestion] = &[
    row(
        "S/RES/119 (1956)",
        "first emergency special session, on Suez; 7-2-2",
        "751st meeting, 31 October 1956",
        Reading::Excerpt,
    ),
    row(
        "S/RES/120 (1956)",
        "second emergency special session, on Hungary; 10-1-0",
        "754th meeting, 4 November 1956",
        Reading::Memory,
    ),
    row(
        "S/RES/129 (1958)",
        "third emergency special session, on the Middle East; unanimous",
        "838th meeting, 7 August 1958",
        Reading::Memory,
    ),
    row(
        "S/RES/157 (1960)",
        "fourth emergency special session, on the Congo; 8-2-1",
        "906th meeting, 17 September 1960",
        Reading::Excerpt,
    ),
    row(
        "S/RES/303 (1971)",
        "reference of the India-Pakistan question to the General Assembly; 11-0-4",
        "1608th meeting, 6 December 1971",
        Reading::Memory,
    ),
    row(
        "S/RES/462 (1980)",
        "sixth emergency special session, on Afghanistan; 12-2-1",
        "2190th meeting, 9 January 1980",
        Reading::Memory,
    ),
    row(
        "S/RES/500 (1982)",
        "ninth emergency special session, on the occupied Arab territories; 13-0-2",
        "2330th meeting, 28 January 1982",
        Reading::Memory,
    ),
    row(
        "S/RES/2623 (2022)",
        "eleventh emergency special session, on Ukraine; 11-1-3",
        "S/PV.8980, 27 February 2022",
        Reading::Excerpt,
    ),
];

const fn row(symbol: &'static str, what: &'static str, source: &'static str, reading: Reading) -> ProceduralQuestion {
    ProceduralQuestion { symbol, what, source, reading }
}

/// The row of `symbol`, if the question was procedural.
pub fn procedural_question(symbol: &str) -> Option<&'static ProceduralQuestion> {
    PROCEDURAL_QUESTIONS.iter().find(|row| row.symbol == symbol)
}
