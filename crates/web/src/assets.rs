//! The files that pages load, embedded into the binary by `build.rs`: no request leaves for another host.
//!
//! Every address holds a digest of the content, so that a browser may keep the file for ever.
//! The files of the vector map share one folder under one digest, because they find each other by relative address.
//!
//! Invariant: the same address never has other content.

use konbit_base::Digest;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What `build.rs` collected: name, content, content as gzip.
const EMBEDDED: &[(&str, &[u8], &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The folder of the vector map's files, in their names.
const MAP_FOLDER: &str = "maplibre-gl/";

/// The value of `Cache-Control` for every asset: an address never changes its content.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// What the pages call it, such as `map.js` or `maplibre-gl/maplibre-gl.css`.
    pub name: &'static str,
    /// Its path below `/assets/`, with its digest.
    pub path: String,
    /// The value of `Content-Type`.
    pub media_type: &'static str,
    /// The content as it is.
    pub bytes: &'static [u8],
    /// The content for a client that accepts `Content-Encoding: gzip`.
    pub gzip: &'static [u8],
}

/// All assets by their path below `/assets/`.
static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    let map_files: Vec<u8> = EMBEDDED
        .iter()
        .filter(|(name, ..)| name.starts_with(MAP_FOLDER))
        .flat_map(|(_, bytes, _)| Digest::of(bytes).0)
        .collect();
    let map_digest = Digest::of(&map_files);
    EMBEDDED
        .iter()
        .map(|&(name, bytes, gzip)| {
            let path = if name.starts_with(MAP_FOLDER) {
                format!("{}/{name}", in_address(map_digest))
            } else {
                format!("{}-{name}", in_address(Digest::of(bytes)))
            };
            (path.clone(), Asset { name, path, media_type: media_type(name), bytes, gzip })
        })
        .collect()
});

/// The asset at `path` below `/assets/`, without a leading slash; none if the digest is not of this build.
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.get(path)
}

/// The address of the asset called `name`, from the root of the host.
///
/// # Panics
/// If `build.rs` does not embed such a file.
pub fn asset_url(name: &str) -> String {
    let asset = ASSETS.values().find(|asset| asset.name == name);
    let asset = asset.unwrap_or_else(|| panic!("no asset is called {name:?}: name it in crates/web/build.rs"));
    format!("/assets/{}", asset.path)
}

/// The first sixteen digits: 64 bits tell the versions of one file apart.
fn in_address(digest: Digest) -> String {
    digest.to_string()[..16].to_owned()
}

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js" | "mjs") => JAVASCRIPT,
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_at_its_address_with_a_type_and_content() {
        assert_eq!(ASSETS.len(), EMBEDDED.len());
        for (name, bytes, gzip) in EMBEDDED {
            let url = asset_url(name);
            let asset = find(url.strip_prefix("/assets/").unwrap()).unwrap();
            assert_eq!((asset.name, asset.bytes), (*name, *bytes));
            assert_ne!(asset.media_type, "application/octet-stream", "{name} needs a media type");
            assert!(!bytes.is_empty(), "{name} is empty");
            assert_eq!(gzip[..2], [0x1f, 0x8b], "{name} is not compressed with gzip");
            // RFC 1952: the last four bytes are the length of the content.
            let length = u32::from_le_bytes(gzip[gzip.len() - 4..].try_into().unwrap());
            assert_eq!(length as usize, bytes.len(), "{name}");
        }
    }

    #[test]
    fn an_address_holds_the_digest_of_the_content_and_no_other_digest_is_served() {
        let digest = Digest::of(find(asset_url("app.css").trim_start_matches("/assets/")).unwrap().bytes).to_string();
        assert_eq!(asset_url("app.css"), format!("/assets/{}-app.css", &digest[..16]));
        assert!(find("0000000000000000-app.css").is_none());
        assert!(find("app.css").is_none());
        assert!(find("").is_none());
    }

    #[test]
    fn the_map_finds_its_worker_beside_it() {
        let module = asset_url("maplibre-gl/maplibre-gl.mjs");
        let worker = asset_url("maplibre-gl/maplibre-gl-worker.mjs");
        assert_eq!(module.replace("maplibre-gl.mjs", "maplibre-gl-worker.mjs"), worker);
        let code = std::str::from_utf8(find(module.trim_start_matches("/assets/")).unwrap().bytes).unwrap();
        assert!(code.contains("`maplibre-gl-worker.mjs`"), "the map's module no longer names its worker so");
    }

    #[test]
    fn the_licences_of_the_map_and_of_what_it_bundles_are_embedded() {
        let url = asset_url("maplibre-gl-LICENSE.txt");
        let text = std::str::from_utf8(find(url.trim_start_matches("/assets/")).unwrap().bytes).unwrap();
        for part in
            ["==== maplibre-gl ====", "==== earcut ====", "==== @mapbox/tiny-sdf ====", "==== murmurhash-js ===="]
        {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("==== typescript ===="));
    }
}
