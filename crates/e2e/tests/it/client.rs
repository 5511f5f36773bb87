//! HTTP/1.1 over one connection for each request: enough for a server and a browser driver on this machine.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Longest wait for an answer. Planning takes seconds, more on a busy machine.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The value of a header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(held, _)| held == name).map_or("", |(_, value)| value)
    }
}

/// Sends one request to `host`, such as `127.0.0.1:8470`.
pub fn send(host: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let stream = TcpStream::connect(host).unwrap_or_else(|error| panic!("{host} does not answer: {error}"));
    stream.set_read_timeout(Some(WAIT_MAX)).unwrap();
    let extra = headers.iter().fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\r\n");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n{extra}\r\n{body}",
        body.len()
    );
    (&stream).write_all(request.as_bytes()).unwrap();
    read(BufReader::new(stream)).unwrap_or_else(|error| panic!("{method} {path} of {host}: {error}"))
}

fn read(mut stream: BufReader<TcpStream>) -> std::io::Result<Answer> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: String::new() };
    let mut bytes = Vec::new();
    match answer.header("content-length").parse() {
        Ok(length) => stream.take(length).read_to_end(&mut bytes)?,
        Err(_) => stream.read_to_end(&mut bytes)?,
    };
    answer.body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(answer)
}
