//! Known answers: examples of the specifications, vectors of other implementations, and what logs and witnesses on the
//! public network have signed.

use crate::support::Tree;
use konbit_record::{
    AddCheckpoint, Checkpoint, KeyError, Note, NoteError, Policy, SignatureType, SignedCheckpoint, SignerKey, Tile,
    TileKind, VerifierKey, Witness, WitnessState, commit, new_tiles,
};

// golang.org/x/mod, sumdb/note/note_test.go.
const PETER_SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_LINE: &str =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_LINE: &str =
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn key(vkey: &str) -> VerifierKey {
    let key = VerifierKey::parse(vkey).unwrap();
    assert_eq!(key.to_string(), vkey);
    key
}

/// The names of those of `vkeys` that signed.
fn check_note(note: &str, vkeys: &[&str], expect: Result<&[&str], NoteError>) {
    let keys: Vec<_> = vkeys.iter().map(|vkey| key(vkey)).collect();
    let found = Note::parse(note.as_bytes()).and_then(|parsed| {
        assert_eq!(parsed.to_string(), note);
        Ok(parsed.verify(&keys)?.iter().map(|by| by.key.name().to_owned()).collect::<Vec<_>>())
    });
    assert_eq!(found, expect.map(|names| names.iter().map(|name| (*name).to_owned()).collect()), "{note}");
}

#[test]
fn the_example_of_signed_note_verifies() {
    let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let line = "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    check_note(&format!("This is an example message.\n\n{line}"), &[vkey], Ok(&["example.com/foo"]));
    let name = "example.com/foo".to_owned();
    let bad = NoteError::Signature { name, id: key(vkey).id() };
    check_note(&format!("This is another message.\n\n{line}"), &[vkey], Err(bad));
}

#[test]
fn notes_of_the_go_implementation_verify_and_are_made_byte_for_byte() {
    let peter = SignerKey::parse(PETER_SKEY).unwrap();
    assert_eq!(peter.reveal(), PETER_SKEY);
    assert_eq!(peter.verifier(), &key(PETER));
    let mut note = Note::new(TEXT, peter.sign(TEXT).unwrap()).unwrap();
    assert_eq!(note.to_string(), format!("{TEXT}\n{PETER_LINE}"));
    // The Go example makes this key from 32 bytes of zero.
    let enoch = SignerKey::generate("EnochRoot", SignatureType::Ed25519, &[0; 32]).unwrap();
    assert_eq!(enoch.verifier(), &key(ENOCH));
    note.add(enoch.sign(TEXT).unwrap()).unwrap();
    let both = format!("{TEXT}\n{PETER_LINE}{ENOCH_LINE}");
    assert_eq!(note.to_string(), both);
    note.add(enoch.sign(TEXT).unwrap()).unwrap();
    assert_eq!(note.to_string(), both, "a second signature of one key takes the place of the first");
    check_note(&both, &[PETER], Ok(&["PeterNeumann"]));
    check_note(&both, &[PETER, ENOCH], Ok(&["PeterNeumann", "EnochRoot"]));
    check_note(&both, &[], Err(NoteError::Unsigned));
}

#[test]
fn malformed_notes_of_the_go_tests_are_refused() {
    let many = format!("{TEXT}\n{}", PETER_LINE.repeat(101));
    check_note(&many, &[PETER], Err(NoteError::Count));
    let short = &PETER_LINE[..PETER_LINE.len() - 1];
    let bad_name = PETER_LINE.replace("PeterNeumann", "Bad Name");
    for (note, expect) in [
        (TEXT.to_owned(), NoteError::Form),
        (format!("{TEXT}\n"), NoteError::Form),
        (format!("{TEXT}\n{short}"), NoteError::Form),
        (format!("\u{1}{TEXT}\n{PETER_LINE}"), NoteError::Characters(0)),
        (format!("{TEXT}\n{bad_name}"), NoteError::Line(1)),
        (format!("{TEXT}\n{PETER_LINE}Unexpected line.\n"), NoteError::Line(2)),
    ] {
        check_note(&note, &[PETER], Err(expect));
    }
    let not_text = [b"\xff", TEXT.as_bytes(), b"\n", PETER_LINE.as_bytes()].concat();
    assert_eq!(Note::parse(&not_text), Err(NoteError::Characters(0)));
    let long = "x".repeat(1_000_000) + "\n\n" + PETER_LINE;
    assert_eq!(Note::parse(long.as_bytes()), Err(NoteError::Size(long.len())));
}

#[test]
fn no_mangled_key_of_the_go_tests_is_read() {
    for (whole, refused) in [
        (PETER, (|text| VerifierKey::parse(text).is_err()) as fn(&str) -> bool),
        (PETER_SKEY, |text| SignerKey::parse(text).is_err()),
    ] {
        for from in 0..whole.len() {
            for to in from + 1..=whole.len() {
                let part = &whole[from..to];
                assert!(part == whole || refused(part), "{part}");
            }
        }
        for at in 0..whole.len() {
            let mut bytes = whole.as_bytes().to_vec();
            bytes[at] += 1;
            assert!(refused(std::str::from_utf8(&bytes).unwrap()), "byte {at}");
        }
    }
    // Wrong length, and unknown type, with ids that fit.
    for (vkey, expect) in [
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", KeyError::Form),
        ("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Type(0x65)),
    ] {
        assert_eq!(VerifierKey::parse(vkey), Err(expect));
    }
}

#[test]
fn a_checkpoint_of_the_go_checksum_database_verifies() {
    // transparency-dev/formats, log/note_test.go.
    let vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let text = "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n";
    let line = "— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n";
    let signed = SignedCheckpoint::parse(format!("{text}\n{line}").as_bytes()).unwrap();
    assert_eq!(signed.checkpoint().to_string(), text);
    assert_eq!((signed.checkpoint().origin(), signed.head().size), ("go.sum database tree", 6_476_701));
    assert_eq!(signed.verify(&[key(vkey)]).unwrap().len(), 1);
}

/// A checkpoint of a public log of Certificate Transparency with cosignatures of four witnesses in operation, as it
/// stands in the tests of `tlog_scales`.
const ARCHE: &str = "\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
";

const ARCHE_POLICY: &str = "\
log arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f
witness garden transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM
witness smartit witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO
witness remora remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2
witness mole witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv
group three 3 garden smartit remora mole
quorum three
";

#[test]
fn cosignatures_of_witnesses_in_operation_satisfy_a_policy() {
    let policy = Policy::parse(ARCHE_POLICY.as_bytes()).unwrap();
    let signed = SignedCheckpoint::parse(ARCHE.as_bytes()).unwrap();
    assert_eq!(signed.to_string(), ARCHE);
    let accepted = policy.check(&signed).unwrap();
    assert_eq!(accepted.log.name(), "arche2025h1.staging.ct.transparency.dev");
    let found: Vec<_> = accepted.cosigners.iter().map(|by| (by.name.as_str(), by.time)).collect();
    // 0x6a122120 seconds.
    let at = 1_779_573_024;
    assert_eq!(found, [("garden", at), ("smartit", at), ("remora", at), ("mole", at)]);
}

#[test]
fn the_example_request_of_tlog_witness_is_read_and_written() {
    let body = "\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";
    let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
    assert_eq!((request.old_size, request.proof.len()), (20_852_014, 4));
    assert_eq!(request.checkpoint.head().size, 20_852_163);
    assert_eq!(request.to_string(), body);
}

#[test]
fn a_request_of_the_tests_of_litewitness_is_cosigned() {
    // FiloSottile/torchwood, cmd/litewitness/testdata/multi-cosigs-ed25519.txt.
    let origin = "sigsum.org/v1/tree/985ea163f5af026723561354f51f2ebcdcf2af809ce254ccfb64aa9aadd80f90";
    let public = hex::decode("52c05edad1bf5feffa81354faae59a655d9a9a1a793ed2f62c39c26c0be2aecd").unwrap();
    let signature = "7BKT0gOfNZ1J0So9unY3BZtm2YkPIoNYM/dce0Z2avJDs8dxN6ts9bOSwwrVrbjm6P9K3ZxpK6jJngOG6YvGGzV/lwo=";
    let body =
        format!("old 0\n\n{origin}\n1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— {origin} {signature}\n");
    let key = SignerKey::generate("example.com/witness", SignatureType::CosignatureV1, &[9; 32]).unwrap();
    let mut witness = Witness::new(key).unwrap();
    let log = VerifierKey::new(origin, SignatureType::Ed25519, &public.try_into().unwrap()).unwrap();
    witness.trust(origin, log).unwrap();
    let cosigned = witness.add_checkpoint(&WitnessState::default(), body.as_bytes(), 1).unwrap();
    assert!(cosigned.body.starts_with("— example.com/witness "));
    assert!(cosigned.store.verify([witness.verifier()]).is_ok());
}

#[test]
fn the_examples_of_tlog_checkpoint_and_tlog_cosignature_are_read_and_written() {
    let note = "\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
";
    assert_eq!(SignedCheckpoint::parse(note.as_bytes()).unwrap().to_string(), note);
}

fn check_checkpoint(text: &str, line: Option<usize>) {
    let found = Checkpoint::parse(text);
    match line {
        None => assert_eq!(found.unwrap().to_string(), text),
        Some(line) => assert_eq!(found, Err(konbit_record::CheckpointError::Line(line)), "{text:?}"),
    }
}

#[test]
fn a_checkpoint_has_one_form() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    check_checkpoint(&format!("o\n1\n{root}\n"), None);
    check_checkpoint(&format!("go.sum database tree\n18446744073709551615\n{root}\nan extension\nanother\n"), None);
    for (text, line) in [
        (String::new(), 1),
        (format!("\n1\n{root}\n"), 1),
        (format!("o\n01\n{root}\n"), 2),
        (format!("o\n-1\n{root}\n"), 2),
        (format!("o\n18446744073709551616\n{root}\n"), 2),
        (format!("o\n\n{root}\n"), 2),
        ("o\n1\n".to_owned(), 3),
        ("o\n1\nCsUYapGGPo4=\n".to_owned(), 3),
        (format!("o\n1\n{root}"), 3),
        (format!("o\n1\n{root}\n\n"), 4),
        (format!("o\n1\n{root}\next\n\n"), 5),
    ] {
        check_checkpoint(&text, Some(line));
    }
}

fn check_path(path: &str, expect: Option<(TileKind, u64, u16)>) {
    let tile = expect.map(|(kind, index, width)| Tile::new(kind, index, width).unwrap());
    assert_eq!(Tile::parse(path), tile, "{path}");
    assert!(tile.is_none_or(|tile| tile.to_string() == path), "{path}");
}

#[test]
fn paths_are_those_of_tlog_tiles() {
    use TileKind::{Entries, Hashes};
    check_path("tile/0/x001/x234/067", Some((Hashes(0), 1_234_067, 256)));
    check_path("tile/entries/x001/x234/067.p/8", Some((Entries, 1_234_067, 8)));
    check_path("tile/0/000", Some((Hashes(0), 0, 256)));
    check_path("tile/7/999.p/255", Some((Hashes(7), 999, 255)));
    check_path("tile/3/x001/000.p/1", Some((Hashes(3), 1000, 1)));
    // 2^56 - 1, the last that a tree of fewer than 2^64 leaves can have, and the next.
    check_path("tile/entries/x072/x057/x594/x037/x927/935", Some((Entries, (1 << 56) - 1, 256)));
    check_path("tile/entries/x072/x057/x594/x037/x927/936", None);
    for path in [
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p/",
        "tile/0/001.p",
        "tile/8/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/8/0/000",
        "tile//000",
        "tile/0/",
        "tile/0/x001/x234/067/",
        "/tile/0/000",
        "tile/0/000?",
        "tile/0/+01",
        "tile/0/../000",
        "checkpoint",
        "",
    ] {
        check_path(path, None);
    }
}

/// How many full tiles, and how wide the partial one, at each level.
fn check_tiles(size: u64, expect: &[(usize, Option<u16>)]) {
    let tiles: Vec<_> = new_tiles(0, size).collect();
    let at = |level: usize| {
        let level = tiles.iter().filter(|tile| tile.kind() == TileKind::Hashes(u8::try_from(level).unwrap()));
        let (full, partial): (Vec<&Tile>, Vec<&Tile>) = level.partition(|tile| tile.width() == 256);
        assert!(partial.len() <= 1);
        (full.len(), partial.first().map(|tile| tile.width()))
    };
    let found: Vec<_> = (0..expect.len()).map(at).collect();
    assert_eq!(found, expect, "size {size}");
    let count: usize = expect.iter().map(|(full, partial)| full + usize::from(partial.is_some())).sum();
    assert_eq!(tiles.len(), count, "size {size}: no tile at a higher level");
    assert!(tiles.iter().all(|tile| tile.is_in(size)));
    assert!(tiles.iter().any(|tile| !tile.is_in(size - 1)));
}

#[test]
fn a_tree_has_the_tiles_that_tlog_tiles_says() {
    // "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112, one
    // full level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1"
    check_tiles(70_000, &[(273, Some(112)), (1, Some(17)), (0, Some(1))]);
    // "a tree of size 256 will be represented by a full level 0 tile and a partial level 1 tile of width 1"
    check_tiles(256, &[(1, None), (0, Some(1))]);
    check_tiles(1, &[(0, Some(1))]);
    assert_eq!(new_tiles(0, 0).count(), 0);
}

#[test]
fn a_tile_is_its_complete_nodes() {
    let tree = Tree::counted(600);
    let tile = Tile::parse("tile/0/001").unwrap();
    let bytes = tile.bytes(|node| tree.node(node)).unwrap();
    assert_eq!(bytes.len(), 8192);
    assert_eq!(bytes[..32], konbit_record::leaf_hash(&256u64.to_be_bytes()));
    let above = Tile::parse("tile/1/000.p/2").unwrap().bytes(|node| tree.node(node)).unwrap();
    assert_eq!(above[..32], tree.head(256).root);
}

#[test]
fn commitments_have_known_answers() {
    let salt = std::array::from_fn(|ix| u8::try_from(ix).unwrap());
    // Python: hmac.new(bytes(range(32)), b"konbit/body-commitment/v1\n" + struct.pack(">Q", len(body)) + body, "sha256")
    for (body, expect) in [
        ("", "831d810a6087bdf684a1e456a479877bf40dcc17a3f973ab1660f19b88513f77"),
        ("hello", "0d04d2ece137ae1594890a010186fcfdd8b6b49f0bc77a3f587763a0d3cb3419"),
        (r#"{"id":"s-1"}"#, "f4f5ec6a171fdc6692169e586d83a9bc4e16965c9235f4c74d40805ad3a8cdfe"),
    ] {
        assert_eq!(hex::encode(commit(&salt, body.as_bytes())), expect, "{body}");
    }
}
