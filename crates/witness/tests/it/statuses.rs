//! `add-checkpoint` answers over HTTP as tlog-witness says, and nothing a stranger sends does harm.

use crate::support::{History, ORIGIN, Server, log_key};
use konbit_record::{AddCheckpoint, Checkpoint, Head, SignatureType, SignerKey, VerifierKey};
use konbit_witness::{Answer, add_checkpoint};
use std::fmt::Write as _;

const PLAIN: &str = "content-type: text/plain; charset=utf-8";
const SIZE: &str = "content-type: text/x.tlog.size";

/// A witness that cosigned 5 of 20 entries is sent `body`.
fn check(what: &str, body: impl AsRef<[u8]>, status: u16, kind: &str, answer: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::witness(dir.path(), 1);
    assert!(matches!(add_checkpoint(&server.url(), &History::of(20, None).request(0, 5)), Ok(Answer::Cosigned { .. })));
    let (found, head, text) = server.send("POST", "/add-checkpoint", body.as_ref());
    assert_eq!(found, status, "{what}: {head}\n{text}");
    assert!(head.contains(kind), "{what}: {head}");
    assert!(text.starts_with(answer), "{what}: {text}");
    // Whatever it was, the witness goes on from 5, or from what it has just cosigned.
    let latest = if status == 200 { text_size(body.as_ref()) } else { 5 };
    let next = add_checkpoint(&server.url(), &History::of(20, None).request(latest, 20));
    assert!(matches!(next, Ok(Answer::Cosigned { .. })), "{what}: {next:?}");
}

fn text_size(body: &[u8]) -> u64 {
    AddCheckpoint::parse(body).unwrap().checkpoint.head().size
}

#[test]
fn each_status_of_the_specification() {
    let tree = History::of(20, None);
    let forked = History::of(20, Some(3));
    let request = |old, size| tree.request(old, size).to_string();
    let with = |change: &dyn Fn(&mut AddCheckpoint), old, size| {
        let mut request = tree.request(old, size);
        change(&mut request);
        request.to_string()
    };
    let cosigned = "\u{2014} witness-1.example ";
    check("extends", request(5, 9), 200, PLAIN, cosigned);
    check("the same again", request(5, 5), 200, PLAIN, cosigned);
    check("unknown lines beside", with_unknown_line(&request(5, 9)), 200, PLAIN, cosigned);
    check("an older size", request(3, 9), 409, SIZE, "5\n");
    check("no size known", request(0, 9), 409, SIZE, "5\n");
    check("a later size", request(7, 9), 409, SIZE, "5\n");
    check("back", request(3, 4), 409, SIZE, "5\n");
    check("backwards", request(5, 9).replacen("old 5", "old 10", 1), 400, PLAIN, "the old size 10 is larger");
    check("two roots", forked.request(5, 5).to_string(), 409, PLAIN, "this witness cosigned another root for size 5");
    check("another history", forked.request(5, 9).to_string(), 422, PLAIN, "the consistency proof does not hold");
    check("no proof", with(&|request| request.proof.clear(), 5, 9), 422, PLAIN, "the consistency proof");
    check("a hash too many", with(&|request| request.proof.push([0; 32]), 5, 9), 422, PLAIN, "the consistency proof");
    check("a proof to the same size", with(&|request| request.proof.push([0; 32]), 5, 5), 422, PLAIN, "the consis");
    check("unknown log", by("other.example/record", "other.example/record"), 404, PLAIN, "this witness does not know");
    check("unknown key", by(ORIGIN, ORIGIN), 403, PLAIN, "the checkpoint of mission.example/record is not signed");
    check("a broken signature", request(5, 9).replacen("\n9\n", "\n8\n", 1), 403, PLAIN, "the checkpoint of");
    check("an impossible root", impossible(), 422, PLAIN, "the consistency proof does not hold");
    check("nothing", "", 400, PLAIN, "the request does not begin");
    check("no blank line", "old 5\n", 400, PLAIN, "the request does not begin");
    check("a leading zero", request(5, 9).replacen("old 5", "old 05", 1), 400, PLAIN, "the request does not begin");
    check("not base64", request(5, 9).replacen("old 5\n", "old 5\n!\n", 1), 400, PLAIN, "proof line 1");
    check("64 hashes", with(&|request| request.proof = vec![[0; 32]; 64], 5, 9), 400, PLAIN, "the request has more");
    check("not text", [0xff, 0xfe], 400, PLAIN, "the note is not plain text");
    check("a carriage return", request(5, 9).replace('\n', "\r\n"), 400, PLAIN, "the note is not plain text");
    check("a proof and no checkpoint", "old 0\n\n", 400, PLAIN, "the request has no readable checkpoint");
    check("too long", "x".repeat(128 * 1024 + 1), 413, PLAIN, "the request is longer than 131072 bytes");
}

/// The entropy of the key is not that of the log's.
fn by(name: &str, origin: &str) -> String {
    let key = SignerKey::generate(name, SignatureType::Ed25519, &[77; 32]).unwrap();
    let checkpoint = Checkpoint::new(origin, History::of(9, None).head(9), vec![]).unwrap().sign(&key).unwrap();
    AddCheckpoint { old_size: 5, proof: vec![], checkpoint }.to_string()
}

/// Size 0 with a root that is not the empty tree's, which `Checkpoint::new` refuses to make: its text is signed.
fn impossible() -> String {
    let zero = Checkpoint::new(ORIGIN, Head::empty(), vec![]).unwrap().to_string();
    let text = zero
        .replacen("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", &"A".repeat(43), 1)
        .replacen("AAA\n", "AAA=\n", 1);
    let line = log_key().sign(&text).unwrap();
    format!("old 0\n\n{text}\n{line}\n")
}

fn with_unknown_line(request: &str) -> String {
    let stranger = SignerKey::generate("stranger.example", SignatureType::Ed25519, &[5; 32]).unwrap();
    let mut out = request.to_owned();
    writeln!(out, "{}", stranger.sign("something else\n").unwrap()).unwrap();
    out
}

#[test]
fn a_cosignature_is_one_the_log_can_take_over() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::witness(dir.path(), 1);
    let request = History::of(7, None).request(0, 7);
    let Ok(Answer::Cosigned { lines }) = add_checkpoint(&server.url(), &request) else { panic!("not cosigned") };
    let mut checkpoint = request.checkpoint.clone();
    let own = SignerKey::generate("witness-1.example", SignatureType::CosignatureV1, &[101; 32]).unwrap();
    let keys: [VerifierKey; 1] = [own.verifier().clone()];
    assert_eq!(checkpoint.add_cosignatures(&lines, &keys).unwrap()[0].time, Some(1_700_000_000));
}

#[test]
fn the_client_tells_conflict_refusal_and_silence_apart() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::witness(dir.path(), 1);
    let tree = History::of(20, None);
    add_checkpoint(&server.url(), &tree.request(0, 5)).unwrap();
    assert_eq!(add_checkpoint(&server.url(), &tree.request(0, 9)).unwrap(), Answer::Conflict { latest: 5 });
    let refused = add_checkpoint(&format!("{}/", server.url()), &History::of(20, Some(2)).request(5, 5)).unwrap();
    assert!(
        matches!(&refused, Answer::Refused { status: 409, reason } if reason.contains("two histories")),
        "{refused:?}"
    );
    let elsewhere = add_checkpoint(&format!("{}/elsewhere", server.url()), &tree.request(5, 9)).unwrap();
    assert!(matches!(elsewhere, Answer::Refused { status: 404, .. }), "{elsewhere:?}");
    let url = server.url();
    drop(server);
    let error = add_checkpoint(&url, &tree.request(5, 9)).unwrap_err().to_string();
    assert!(error.contains("does not answer"), "{error}");
    for address in ["https://witness.example", "witness.example", "http://", "http:///x", "http://x?y"] {
        let error = add_checkpoint(address, &tree.request(5, 9)).unwrap_err().to_string();
        assert!(error.contains("is not an http:// address"), "{error}");
    }
}

#[test]
fn the_page_says_who_it_is_what_it_cosigned_and_what_it_saw() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::witness(dir.path(), 1);
    let page = |path: &str| server.send("GET", path, b"");
    assert!(page("/").2.contains("never"));
    let tree = History::of(20, None);
    add_checkpoint(&server.url(), &tree.request(0, 5)).unwrap();
    add_checkpoint(&server.url(), &History::of(20, Some(2)).request(5, 5)).unwrap();
    let (status, head, body) = page("/");
    assert_eq!(status, 200);
    assert!(head.contains("content-security-policy: default-src 'none'") && head.contains("nosniff"), "{head}");
    let own = SignerKey::generate("witness-1.example", SignatureType::CosignatureV1, &[101; 32]).unwrap();
    for part in [own.verifier().to_string().as_str(), ORIGIN, "2023-11-14T22:13:20Z", "Two histories", "two-roots"] {
        assert!(body.contains(part), "{part}: {body}");
    }
    let links: Vec<&str> = body.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links.len(), 5, "{links:?}");
    for link in links {
        assert_eq!(page(link).0, 200, "{link}");
    }
    for (method, path, status) in [
        ("GET", "/add-checkpoint", 405),
        ("POST", "/", 405),
        ("GET", "/witness.key", 404),
        ("GET", "/logs/x", 404),
        ("GET", "/evidence/x/about.txt", 404),
        ("GET", "/evidence/..%2f..%2fx/about.txt", 404),
    ] {
        assert_eq!(server.send(method, path, b"").0, status, "{method} {path}");
    }
    // Not HTTP, and a head without end.
    assert_eq!(server.raw(b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n").0, 400);
    assert_eq!(server.raw(format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(40_000)).as_bytes()).0, 431);
}

#[test]
fn requests_of_many_clients_at_once_are_answered_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::witness(dir.path(), 1);
    let url = server.url();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16u64)
            .map(|ix| {
                let url = &url;
                scope.spawn(move || {
                    let fork = (ix % 2 == 1).then_some(1);
                    (fork, add_checkpoint(url, &History::of(30, fork).request(0, 4 + ix)).unwrap())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let won = answers.iter().filter(|(_, answer)| matches!(answer, Answer::Cosigned { .. })).count();
    assert_eq!(won, 1, "{answers:?}");
}
