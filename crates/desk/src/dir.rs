//! The mission directory: `konbit.toml`, `record.db`, `reference/`, and `cache/`, which may be deleted.

use crate::DeskError;
use jiff::tz::TimeZone;
use konbit_base::Digest;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What `konbit.toml` holds: what this installation needs to know, and nothing about the mission
/// itself, which is in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the mission, shown until the record declares one.
    pub name: String,
    /// IANA time zone in which days are counted.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// Languages of the mission, as BCP 47 tags.
    #[serde(default = "default_languages")]
    pub languages: Vec<String>,
    /// Address that `konbit serve` listens on.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// Where the record is kept; only `sqlite` today.
    #[serde(default)]
    pub store: StoreKind,
}

/// Where the record is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// SQLite, in the mission directory.
    #[default]
    Sqlite,
}

fn default_time_zone() -> String {
    "UTC".to_owned()
}

fn default_languages() -> Vec<String> {
    vec!["en".to_owned()]
}

fn default_listen() -> String {
    "127.0.0.1:8470".to_owned()
}

impl Config {
    /// A configuration with the defaults.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            time_zone: default_time_zone(),
            languages: default_languages(),
            listen: default_listen(),
            store: StoreKind::Sqlite,
        }
    }
}

/// Paths inside a mission directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissionDir(PathBuf);

impl MissionDir {
    /// The directory at `path`; nothing is looked up yet.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Path of the configuration.
    pub fn config_path(&self) -> PathBuf {
        self.0.join("konbit.toml")
    }

    /// Path of the record.
    pub fn record_path(&self) -> PathBuf {
        self.0.join("record.db")
    }

    /// Folder of plans and studies that were made and can be made again: it spares time and may be lost.
    pub(crate) fn cache_path(&self) -> PathBuf {
        self.0.join("cache")
    }

    /// Path of a reference layer.
    pub fn reference_path(&self, digest: Digest) -> PathBuf {
        self.0.join("reference").join(format!("{digest}.geojson"))
    }

    /// Path of a road network.
    pub fn network_path(&self, digest: Digest) -> PathBuf {
        self.0.join("reference").join(format!("{digest}.roads"))
    }

    /// Path of the order that a road network was made ready with: it spares time and may be lost.
    fn order_path(&self, digest: Digest) -> PathBuf {
        self.0.join("reference").join(format!("{digest}.order"))
    }

    /// Reads the configuration.
    pub fn config(&self) -> Result<Config, DeskError> {
        let path = self.config_path();
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => DeskError::NoMission(self.0.clone()),
            _ => DeskError::io("cannot read", &path, error),
        })?;
        let refused = |reason| DeskError::Config { path: path.clone(), reason };
        let config: Config = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        if TimeZone::get(&config.time_zone).is_err() {
            let why =
                format!("time_zone {:?} is not known; use a name such as America/Port-au-Prince", config.time_zone);
            return Err(refused(why));
        }
        Ok(config)
    }

    /// Makes the directory and its configuration. Refuses a directory that already holds something.
    pub fn create(&self, config: &Config) -> Result<(), DeskError> {
        if self.config_path().exists() || self.record_path().exists() {
            return Err(DeskError::AlreadyThere(self.0.clone()));
        }
        if self.0.is_file() {
            return Err(DeskError::NotADirectory(self.0.clone()));
        }
        if fs::read_dir(&self.0).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(DeskError::NotEmpty(self.0.clone()));
        }
        fs::create_dir_all(self.0.join("reference")).map_err(|error| DeskError::io("cannot make", &self.0, error))?;
        let text = toml::to_string(config).expect("a configuration is plain text and lists of text");
        write_durably(&self.config_path(), text.as_bytes())
    }

    /// Keeps a reference layer under its digest. Safe to repeat; complete or absent after a kill.
    pub fn keep_reference(&self, digest: Digest, bytes: &[u8]) -> Result<(), DeskError> {
        assert_eq!(digest, Digest::of(bytes), "a reference layer is kept under its own digest");
        if self.reference(digest)?.is_some() {
            return Ok(());
        }
        write_durably(&self.reference_path(digest), bytes)
    }

    /// Keeps a road network under its digest, as [`MissionDir::keep_reference`] does a layer.
    pub fn keep_network(&self, digest: Digest, bytes: &[u8]) -> Result<(), DeskError> {
        assert_eq!(digest, Digest::of(bytes), "a road network is kept under its own digest");
        if self.network(digest)?.is_some() {
            return Ok(());
        }
        write_durably(&self.network_path(digest), bytes)
    }

    /// Reads a road network; `None` if it is absent or its bytes are not those of its name.
    pub fn network(&self, digest: Digest) -> Result<Option<Vec<u8>>, DeskError> {
        Ok(read_if_there(&self.network_path(digest))?.filter(|bytes| Digest::of(bytes) == digest))
    }

    /// Keeps the order of a road network.
    pub(crate) fn keep_order(&self, digest: Digest, bytes: &[u8]) -> Result<(), DeskError> {
        write_durably(&self.order_path(digest), bytes)
    }

    /// The order of a road network, if it was kept.
    pub(crate) fn order(&self, digest: Digest) -> Result<Option<Vec<u8>>, DeskError> {
        read_if_there(&self.order_path(digest))
    }

    /// Reads a reference layer; `None` if it is absent or its bytes are not those of its name.
    pub fn reference(&self, digest: Digest) -> Result<Option<Vec<u8>>, DeskError> {
        Ok(read_if_there(&self.reference_path(digest))?.filter(|bytes| Digest::of(bytes) == digest))
    }
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, DeskError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DeskError::io("cannot read", path, error)),
    }
}

/// Writes a file so that after a kill or a power cut it is either the old one or the new one.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), DeskError> {
    let failed = |error| DeskError::io("cannot write", path, error);
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(parent).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    fs::File::open(parent).and_then(|dir| dir.sync_all()).map_err(failed)
}
