//! Files that the user names: read within a limit, with a clear sentence for everything that can be wrong.

use anyhow::{Context as _, Result, bail, ensure};
use konbit_desk::NamedFile;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Reads a whole file of at most `limit` bytes.
pub fn read_limited(path: &Path, limit: u64) -> Result<NamedFile> {
    let shown = path.display();
    let meta = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?;
    ensure!(!meta.is_dir(), "{shown} is a directory; name the files in it");
    if meta.len() > limit {
        bail!("{shown} has {} bytes; at most {limit} are read; split it or leave out what is not needed", meta.len());
    }
    let mut bytes = Vec::new();
    // The limit holds for files whose size is not known beforehand, such as pipes, too.
    File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {shown}"))?;
    ensure!(
        bytes.len() as u64 <= limit,
        "{shown} has more than {limit} bytes; split it or leave out what is not needed"
    );
    let name = path.file_name().map_or_else(|| shown.to_string(), |name| name.to_string_lossy().into_owned());
    Ok(NamedFile { name, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_limit_a_directory_and_nothing_are_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_limited(&path, 5).unwrap().bytes, b"12345");
        let error = |path: &Path, limit| read_limited(path, limit).unwrap_err().to_string();
        assert!(error(&path, 4).contains("has 5 bytes; at most 4"));
        assert!(error(dir.path(), 4).contains("is a directory"));
        assert!(error(&dir.path().join("none"), 4).contains("cannot read"));
    }
}
