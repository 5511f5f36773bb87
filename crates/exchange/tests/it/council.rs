//! Resolutions, drafts and votes of the shared data, read and decided.

use konbit_base::{Finding, Severity};
use konbit_exchange::akn::read_resolution;
use konbit_exchange::unsc_votes::replay_files;
use konbit_mission::council::{Outcome, Paragraph, ParagraphKind, Point, Question, Resolution};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Files of a folder of the shared data, by name; the tests that call this run only where it is.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let Some(data) = option_env!("KONBIT_DATA_DIR") else { panic!("the build script found no shared data") };
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(PathBuf::from(data).join(folder))
        .expect("the folder is there")
        .map(|entry| {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("the file can be read"))
        })
        .collect();
    files.sort();
    files
}

fn by_code(findings: &[Finding]) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.code.as_str()).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn every_recorded_outcome_since_2000_is_reproduced_by_rule() {
    let replay = replay_files(&[files("unsc/votes"), files("unsc/not_adopted")].concat());
    // 1,437 resolutions, S/RES/1285 to 2721, and nine drafts that failed.
    assert_eq!((replay.votes, replay.reproduced), (1_437 + 9, 1_437 + 9), "{}", replay.summary());
    assert_eq!((replay.disagreements.len(), replay.undecided, replay.without_vote, replay.repeated), (0, 0, 11, 0));
    assert!(replay.findings.iter().all(|finding| finding.severity != Severity::Error));
    assert_eq!(
        by_code(&replay.findings),
        [
            ("adoption-type-disagrees", 8), // 1287, 1987, 2311, 2324, 2403, 2580, 2583, 2638
            ("agenda-item-missing", 1),     // S/2023/970
            ("count-disagrees", 2),         // 1559, 2521
            ("date-disagrees", 1),          // 2423
            ("date-form", 2),               // 1574, 2585
            ("meeting-disagrees", 15),
            ("meeting-doubtful", 1),  // S/2024/239
            ("member-not-listed", 2), // 1402, 1483: the Syrian Arab Republic
            ("name-misspelt", 4),
            ("name-split", 1),          // 2403
            ("procedural-question", 1), // 2623
            ("record-document-spelling", 2),
            ("sponsor-not-a-state", 3),
            ("sponsor-separator", 1), // S/2023/970
            ("symbol-spelling", 10),
            ("title-disagrees", 7),
            ("vote-contradictory", 1), // S/2023/638: China twice
        ]
    );
    let procedural: Vec<&str> =
        replay.decisions.iter().filter(|l| l.question == Question::Procedural).map(|l| l.symbol.as_str()).collect();
    assert_eq!(procedural, ["S/RES/2623 (2022)"]);
    let not_adopted: Vec<(&str, &str, String)> = replay
        .decisions
        .iter()
        .filter(|line| !line.decision.outcome.is_adopted())
        .map(|line| {
            let decision = &line.decision;
            let counts = format!("{}-{}-{}", decision.in_favour, decision.against, decision.abstaining);
            (line.symbol.as_str(), decision.outcome.label(), counts)
        })
        .collect();
    let expect = [
        ("S/2023/212", "not adopted", "3-0-12"),
        ("S/2023/507", "not adopted", "2-3-10"),
        ("S/2023/638", "vetoed", "13-1-1"),
        ("S/2023/772", "not adopted", "5-4-6"),
        ("S/2023/792", "vetoed", "10-3-2"),
        ("S/2023/970", "vetoed", "13-1-1"),
        ("S/2024/239", "vetoed", "11-3-1"),
        ("S/2024/312", "vetoed", "12-1-2"),
        ("S/2024/826", "vetoed", "14-1-0"),
    ];
    assert_eq!(not_adopted, expect.map(|(symbol, outcome, counts)| (symbol, outcome, counts.to_owned())));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn texts_and_vote_files_give_the_same_votes() {
    let resolutions = files("unsc/resolutions");
    assert_eq!(resolutions.len(), 52);
    let replay = replay_files(&[files("unsc/votes"), resolutions].concat());
    assert_eq!((replay.votes, replay.repeated, replay.disagreements.len()), (1_437, 52, 0), "{}", replay.summary());
    assert!(replay.findings.iter().all(|finding| finding.code != "vote-records-differ"));
}

fn read_all(folder: &str) -> Vec<(Resolution, String)> {
    let read = |(name, bytes): (String, Vec<u8>)| {
        let (resolution, findings) = read_resolution(&name, &bytes);
        let resolution = resolution.unwrap_or_else(|| panic!("{name} is read: {findings:?}"));
        (resolution, String::from_utf8(bytes).expect("a file that was read is UTF-8"))
    };
    files(folder).into_iter().map(read).collect()
}

/// The letters and digits of the body of a text, by a stripper of tags that knows nothing of its form.
fn letters_of_source(xml: &str) -> String {
    let start = xml.find("<preamble").expect("every text has a preamble");
    let mut out = String::new();
    for piece in xml[start..].split('<').skip(1) {
        let (_, text) = piece.split_once('>').expect("a tag closes");
        out.push_str(text);
    }
    out.replace("&amp;", "&").chars().filter(|c| c.is_alphanumeric()).collect()
}

fn letters_of(paragraphs: &[Paragraph]) -> String {
    fn add(points: &[Point], out: &mut String) {
        for point in points {
            out.push_str(point.label.as_deref().unwrap_or_default());
            out.push_str(&point.text);
            add(&point.points, out);
        }
    }
    let mut out = String::new();
    for paragraph in paragraphs {
        out.push_str(paragraph.label.as_deref().unwrap_or_default());
        out.push_str(&paragraph.text);
        add(&paragraph.points, &mut out);
        out.push_str(paragraph.closing.as_deref().unwrap_or_default());
        out.push_str(&paragraph.notes.concat());
    }
    out.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn no_letter_of_a_text_is_lost() {
    let sorted = |text: String| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let mut in_order = 0;
    for (resolution, xml) in [read_all("unsc/resolutions"), read_all("unsc/not_adopted")].concat() {
        let (read, source) = (letters_of(&resolution.paragraphs), letters_of_source(&xml));
        // Footnotes are kept apart, and a sub-paragraph's heading comes after its number; only then
        // may the order differ.
        if read == source {
            in_order += 1;
        } else {
            assert!(xml.contains("<authorialNote") || xml.contains("<subheading>"), "{}", resolution.id);
            assert!(sorted(read) == sorted(source), "{}", resolution.id);
        }
    }
    // All but S/RES/2709, 2713 and 2717.
    assert_eq!(in_order, 61 - 3);
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn resolution_2699_has_23_numbered_paragraphs_in_each_language() {
    let texts: Vec<Resolution> = read_all("unsc/resolutions")
        .into_iter()
        .map(|(r, _)| r)
        .filter(|r| r.vote.symbol == "S/RES/2699 (2023)")
        .collect();
    let ids: Vec<&str> = texts.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["S/RES/2699 (2023)", "S/RES/2699 (2023) [fra]", "S/RES/2699 (2023) [spa]"]);
    for text in &texts {
        let numbers: Vec<u32> = text.paragraphs.iter().filter_map(|p| p.number).collect();
        assert_eq!(numbers, (1..=23).collect::<Vec<u32>>(), "{}", text.id);
        assert_eq!(text.paragraphs.iter().filter(|p| p.kind == ParagraphKind::Preamble).count(), 25, "{}", text.id);
        assert_eq!(text.chapter_vii_invoked_in, ["container_26"], "{}", text.id);
        assert_eq!(text.operative(1).map(|p| p.points.len()), Some(2), "{}", text.id);
        assert!(text.paragraphs.iter().filter(|p| p.number.is_some()).all(|p| p.verb.is_some()), "{}", text.id);
        assert_eq!(text.vote.decide().outcome, Outcome::Adopted);
    }
    let english = &texts[0];
    assert_eq!(english.operative(18).and_then(|p| p.verb.as_deref()), Some("Requests"));
    assert_eq!(english.operative(14).map(|p| (p.eid.as_str(), p.points.len())), Some(("para_118", 2)));
    assert_eq!((english.vote.meeting, english.vote.draft.as_deref()), (Some(9430), Some("S/2023/709")));
    assert_eq!(english.vote.agenda_item.as_deref(), Some("The question concerning Haiti."));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn findings_about_the_texts_are_the_faults_that_are_there() {
    let findings = |folder: &str| -> Vec<Finding> {
        files(folder).iter().flat_map(|(name, bytes)| read_resolution(name, bytes).1).collect()
    };
    assert_eq!(
        by_code(&findings("unsc/resolutions")),
        [
            ("chapter-vii-disagrees", 1), // 2680: Article 41 of Chapter VII
            ("date-disagrees", 4),        // 2681, 2700, 2701, 2707
            ("meeting-disagrees", 2),     // 2677, 2717
            ("record-document-spelling", 2),
            ("title-disagrees", 1), // 2674
        ]
    );
    assert_eq!(
        by_code(&findings("unsc/not_adopted")),
        [("agenda-item-missing", 1), ("meeting-doubtful", 1), ("sponsor-separator", 1), ("vote-contradictory", 1)]
    );
}
