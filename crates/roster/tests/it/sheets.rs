use jiff::civil::date;
use jiff::tz::{TimeZone, offset};
use konbit_roster::{
    Clock, Contingent, Options, Problem, RosterData, Rules, Section, Sheet, Watch, calendar, roster, sheet,
};
use proptest::prelude::*;

fn example(id: &str, base: &str) -> Sheet {
    let data = RosterData {
        slot_minutes: 180,
        weights: vec![1; 56],
        kinds: vec![],
        contingents: vec![Contingent { id: "c".into(), demand: (0..56).map(|s| u32::from(s < 2)).collect() }],
        sections: vec![Section {
            id: id.into(),
            contingent: 0,
            base: base.into(),
            persons: 10,
            travel_minutes: 30,
            leave: vec![],
        }],
        rules: Rules { duty_minutes_min: 360, duty_minutes_max: 360, ..Rules::default() },
    };
    let made = roster(&Problem::new(data).unwrap(), &Options::default(), &Watch::none());
    sheet(&made, 0, date(2024, 7, 1).at(0, 0, 0, 0)).unwrap().unwrap()
}

/// The events of a calendar as an independent reader sees them: name and value of each property.
fn read(text: &str) -> Vec<Vec<(String, String)>> {
    let calendars: Vec<_> = ical::IcalParser::new(text.as_bytes()).collect::<Result<_, _>>().unwrap();
    assert_eq!(calendars.len(), 1);
    let properties = |event: &ical::parser::ical::component::IcalEvent| {
        event.properties.iter().map(|p| (p.name.clone(), p.value.clone().unwrap_or_default())).collect()
    };
    calendars[0].events.iter().map(properties).collect()
}

fn value<'a>(event: &'a [(String, String)], name: &str) -> &'a str {
    &event.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}")).1
}

fn write(sheet: &Sheet, clock: &Clock) -> String {
    let stamp = "2024-06-30T12:00:00Z".parse().unwrap();
    calendar(sheet, clock, stamp, "Duty", "Leave at {leave}, back at {back}.").unwrap()
}

#[test]
fn a_sheet_says_when_to_leave_and_when_one_is_back() {
    let sheet = example("s", "b");
    assert_eq!((sheet.persons, sheet.duties.len()), (8, 1));
    let duty = &sheet.duties[0];
    assert_eq!(duty.leave, date(2024, 6, 30).at(23, 30, 0, 0));
    assert_eq!(duty.start, date(2024, 7, 1).at(0, 0, 0, 0));
    assert_eq!(duty.end, date(2024, 7, 1).at(6, 0, 0, 0));
    assert_eq!(duty.back, date(2024, 7, 1).at(6, 30, 0, 0));
}

#[test]
fn the_calendar_is_read_back_by_another_program() {
    let sheet = example("s", "Base; north, \"old\" \\ port");
    let events = read(&write(&sheet, &Clock::Floating));
    assert_eq!(events.len(), 1);
    assert_eq!(value(&events[0], "DTSTART"), "20240701T000000");
    assert_eq!(value(&events[0], "DTEND"), "20240701T060000");
    assert_eq!(value(&events[0], "DTSTAMP"), "20240630T120000Z");
    assert_eq!(value(&events[0], "UID"), "s-20240701T0000@roster.konbit");
    assert_eq!(value(&events[0], "LOCATION"), "Base\\; north\\, \"old\" \\\\ port");
    assert_eq!(value(&events[0], "DESCRIPTION"), "Leave at 23:30\\, back at 06:30.");
    // Four hours behind UTC in summer: midnight there is four in the morning.
    let zone = Clock::Zone(TimeZone::fixed(offset(-4)));
    assert_eq!(value(&read(&write(&sheet, &zone))[0], "DTSTART"), "20240701T040000Z");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn lines_are_folded_at_75_octets_and_unfold_to_what_was_meant(base in "\\PC{0,120}") {
        // The reader cuts white space off where a line was folded, and a colon at which a value
        // begins, so there are none here.
        let base: String = base.chars().map(|c| if c.is_whitespace() || c == ':' { '_' } else { c }).collect();
        let text = write(&example("s", &base), &Clock::Floating);
        prop_assert!(text.ends_with("\r\n"));
        for line in text.strip_suffix("\r\n").unwrap().split("\r\n") {
            prop_assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
        }
        let place = value(&read(&text)[0], "LOCATION").to_owned();
        let plain = place.replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
        prop_assert_eq!(plain, base);
    }
}
