//! Sites, bases and towns.

use super::findings::{At, Findings};
use super::placing::{find_exchanged, find_same_sites, find_shared_points, settle_areas};
use super::table::{Column, Kept, Numbering, Origin, Row, SOURCE, fold, slug, tables, unique};
use super::{Context, InputFile};
use konbit_base::PlacePrecision;
use konbit_mission::place::{Town, TownId};
use konbit_mission::protection::{Base, BaseId, Category, Site, SiteId};
use std::collections::BTreeMap;

const ID: Column = Column::new("id", &[], &[]);
const NAME: Column =
    Column::new("name", &["institution_name", "site_name", "nom", "facility_name", "ville"], &["#loc+name"]).needed();
const AREA: Column =
    Column::new("adm2_pcode", &["adm2code", "adm2_code", "admin2pcode", "commune_pcode"], &["#adm2+code"]);
const AREA_1: Column = Column::new("adm1_pcode", &["adm1code", "adm1_code", "admin1pcode"], &["#adm1+code"]);
const LAT: Column = Column::new("lat", &["latitude", "latdd", "y", "lat_dd"], &["#geo+lat", "#lat"]);
const LON: Column =
    Column::new("lon", &["longitude", "longdd", "long", "lng", "x", "lon_dd"], &["#geo+lon", "#lon", "#long"]);
const NOTE: Column = Column::new("note", &["remarks", "comment", "remarques"], &["#description"]);

const SITE: [Column; 16] = [
    ID,
    Column::new("osm_id", &[], &[]),
    Column::new("code", &["institution_code", "facility_code", "site_code"], &["#loc+code"]),
    NAME,
    Column::new("name_local", &["name_fr_or_ht", "name_fr", "name_ht"], &["#loc+name+local"]),
    Column::new("kind", &["categorie", "category", "type", "facility_type", "amenity"], &["#loc+type"]).needed(),
    AREA,
    AREA_1,
    LAT,
    LON,
    Column::new("precision", &[], &["#geo+precision"]),
    Column::new("people_served", &["people_served_estimate"], &["#population+served"]),
    Column::new("mandate_category", &[], &["#loc+category"]),
    NOTE,
    SOURCE[0],
    SOURCE[1],
];

/// Kinds of site by the word of the data, and what the mandate calls them. The words of the Haitian
/// health ministry: HU and HD are university and departmental hospitals, HCR community referral
/// hospitals; CAL and CSL health centres with and without beds; a *dispensaire* and a *point fixe*
/// are health posts.
const KINDS: [(&str, &str, Category); 52] = [
    ("airport", "airport", Category::Airport),
    ("aerodrome", "aerodrome", Category::Airport),
    ("airstrip", "aerodrome", Category::Airport),
    ("seaport", "seaport", Category::Port),
    ("port", "seaport", Category::Port),
    ("harbour", "seaport", Category::Port),
    ("wharf", "seaport", Category::Port),
    ("fuel_terminal", "fuel_terminal", Category::Port),
    ("school", "school", Category::School),
    ("ecole", "school", Category::School),
    ("college", "school", Category::School),
    ("lycee", "school", Category::School),
    ("kindergarten", "school", Category::School),
    ("university", "university", Category::School),
    ("universite", "university", Category::School),
    ("hospital", "hospital", Category::Hospital),
    ("hopital", "hospital", Category::Hospital),
    ("hopital_special", "hospital", Category::Hospital),
    ("hu", "hospital", Category::Hospital),
    ("hd", "hospital", Category::Hospital),
    ("hcr", "hospital", Category::Hospital),
    ("health_centre", "health_centre", Category::Hospital),
    ("health_center", "health_centre", Category::Hospital),
    ("clinic", "health_centre", Category::Hospital),
    ("doctors", "health_centre", Category::Hospital),
    ("csl", "health_centre", Category::Hospital),
    ("cal", "health_centre", Category::Hospital),
    ("dispensaire", "health_centre", Category::Hospital),
    ("point_fixe", "health_centre", Category::Hospital),
    ("centre_de_sante", "health_centre", Category::Hospital),
    ("intersection", "intersection", Category::KeyIntersection),
    ("road_chokepoint", "road_chokepoint", Category::KeyIntersection),
    ("bridge", "bridge", Category::KeyIntersection),
    ("police", "police", Category::Other),
    ("justice", "justice", Category::Other),
    ("courthouse", "justice", Category::Other),
    ("prison", "prison", Category::Other),
    ("government", "government", Category::Other),
    ("townhall", "government", Category::Other),
    ("power", "power", Category::Other),
    ("water", "water", Category::Other),
    ("market", "market", Category::Other),
    ("marketplace", "market", Category::Other),
    ("aid_hub", "aid_hub", Category::Other),
    ("warehouse", "aid_hub", Category::Other),
    ("border_crossing", "border_crossing", Category::Other),
    ("polling_hub", "polling_hub", Category::Other),
    ("polling_centre", "polling_hub", Category::Other),
    ("embassy", "embassy", Category::Other),
    ("church", "place_of_worship", Category::Other),
    ("place_of_worship", "place_of_worship", Category::Other),
    ("displacement_site", "displacement_site", Category::Other),
];

const CATEGORIES: [(&str, Category); 6] = [
    ("airport", Category::Airport),
    ("port", Category::Port),
    ("school", Category::School),
    ("hospital", Category::Hospital),
    ("key_intersection", Category::KeyIntersection),
    ("other", Category::Other),
];

/// The word Konbit writes for a category.
pub(crate) fn category_word(category: Category) -> &'static str {
    CATEGORIES.iter().find(|(_, known)| *known == category).map_or("other", |(word, _)| word)
}

/// Reads sites.
pub(crate) fn sites(files: &[InputFile<'_>], context: &Context<'_>, findings: &mut Findings) -> Option<Vec<Site>> {
    let columns: Vec<Column> = SITE.into_iter().chain([SOURCE[2]]).collect();
    let mut derived = BTreeMap::new();
    let mut without_id_column = false;
    let kept = tables(files, &columns, findings, |row| {
        if !["id", "osm_id", "code"].iter().any(|name| row.has(name)) {
            without_id_column = true;
            return None;
        }
        Some((site(row, &mut derived)?, !row.has("id")))
    })?;
    if without_id_column {
        let file = files.first().map_or("", |file| file.name);
        findings.error(
            "column-missing",
            At::file(file).column("id"),
            "there is no column \"id\" (or osm_id, institution_code); give each site an id of its own and import again",
        );
        return None;
    }
    let mut kept = unique(number_codes(kept, findings), findings);
    find_exchanged(&kept, context.boundaries, findings);
    find_shared_points(&mut kept, findings);
    find_same_sites(&kept, findings);
    settle_areas(&mut kept, context.boundaries, findings);
    find_unplanned_kinds(&kept, context, findings);
    Some(kept.into_iter().map(|item| item.value).collect())
}

fn site(row: &mut Row<'_>, derived: &mut BTreeMap<String, u32>) -> Option<Site> {
    let name = row.require("name")?;
    let id = site_id(row, &name, derived)?;
    let given = row.require("kind")?;
    let known = KINDS.iter().find(|(word, _, _)| *word == fold(&given));
    let kind = known.map_or_else(|| fold(&given), |(_, kind, _)| (*kind).to_owned());
    let stated = row.word("mandate_category", "category-unknown", &CATEGORIES);
    if known.is_none() && stated.is_none() {
        let message = format!(
            "{given:?} is no kind of site that is known; the site was kept as {kind:?} among other critical sites"
        );
        row.warn("kind-unknown", "kind", &message);
    }
    let category = stated.or(known.map(|(_, _, category)| *category)).unwrap_or(Category::Other);
    let position = row.position().ok()?;
    let precision = row.place_precision("precision");
    let default = if row.has("precision") { PlacePrecision::Town } else { PlacePrecision::Site };
    let as_given = (fold(&given) != kind).then(|| format!("kind in the source: {given}"));
    let note: Vec<String> = row.owned("note").into_iter().chain(as_given).collect();
    Some(Site {
        id,
        name,
        name_local: row.owned("name_local"),
        kind,
        category,
        position,
        precision: precision.unwrap_or(default),
        area: row.pcode("adm2_pcode").or_else(|| row.pcode("adm1_pcode")),
        people_served: row.number("people_served"),
        note: (!note.is_empty()).then(|| note.join("; ")),
        source: row.source(),
    })
}

/// The id of a site: the file's own, or that of the data set with the data set's name before it. A
/// row of a data set without a code takes its name.
fn site_id(row: &mut Row<'_>, name: &str, derived: &mut BTreeMap<String, u32>) -> Option<SiteId> {
    if row.has("id") {
        return row.own_id(SiteId::new);
    }
    let prefix = match row.origin {
        Origin::OpenStreetMap => "osm",
        Origin::Hxl => "hdx",
        Origin::Ucdp | Origin::Plain => "code",
    };
    let column = if row.has("osm_id") { "osm_id" } else { "code" };
    if let Some(code) = row.owned(column) {
        let code: String = code.split_whitespace().collect::<Vec<_>>().join("-");
        return row.id(column, &format!("{prefix}-{code}"), SiteId::new);
    }
    let base = format!("{prefix}-{}", slug(name));
    let count = derived.entry(base.clone()).or_insert(0u32);
    *count += 1;
    let id = if *count == 1 { base } else { format!("{base}-{count}") };
    row.warn("id-derived", column, &format!("the row has no code; its id was made from its name: {id}"));
    row.id(column, &id, SiteId::new)
}

/// Data sets give one code to several institutions. From the second different row on, a number in
/// the order of the rows is added to the code, so that none is lost. An id that the file itself
/// gives is left as it is.
fn number_codes(kept: Vec<Kept<(Site, bool)>>, findings: &mut Findings) -> Vec<Kept<Site>> {
    let mut numbering = Numbering::default();
    let mut out = Vec::new();
    for item in kept {
        let (mut site, has_code) = item.value;
        let index = numbering.of(site.id.as_str(), &site);
        if has_code && index > 0 {
            let number = index + 1;
            // At most 120 bytes hold; a longer id stays as it is and is reported as given twice.
            if let Ok(id) = SiteId::new(format!("{}-{number}", site.id)) {
                let message = format!("the code of {} is also that of another row; it was kept as {id}", site.name);
                findings.warn("code-twice", At::row(&item.file, item.row).column("id"), message);
                site.id = id;
            }
        }
        out.push(Kept { file: item.file, row: item.row, states_precision: item.states_precision, value: site });
    }
    out
}

fn find_unplanned_kinds(kept: &[Kept<Site>], context: &Context<'_>, findings: &mut Findings) {
    let Some(planning) = context.planning else { return };
    let mut unplanned: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for item in kept.iter().filter(|item| !planning.kinds.contains_key(&item.value.kind)) {
        unplanned.entry((&item.file, &item.value.kind)).or_insert((item.row, 0)).1 += 1;
    }
    for ((file, kind), (row, count)) in unplanned {
        let message = format!(
            "no planning figures are given for kind {kind:?}: {count} sites are kept and cannot be planned for; add [kind.{kind}] to the planning figures"
        );
        findings.warn("kind-without-figures", At::row(file, row).column("kind"), message);
    }
}

/// Reads bases.
pub(crate) fn bases(files: &[InputFile<'_>], context: &Context<'_>, findings: &mut Findings) -> Option<Vec<Base>> {
    let columns = [
        ID.needed(),
        NAME,
        LAT.needed(),
        LON.needed(),
        Column::new("capacity_people", &["capacity"], &["#capacity"]).needed(),
        AREA,
        NOTE,
        SOURCE[0],
        SOURCE[1],
        SOURCE[2],
    ];
    let kept = tables(files, &columns, findings, |row| {
        let (id, name) = (row.own_id(BaseId::new)?, row.require("name")?);
        let position = row.require_position()?;
        row.require("capacity_people")?;
        let Some(capacity) = row.number("capacity_people") else {
            return row.reject("number-not-read", "capacity_people", "a base needs the number of people it can hold");
        };
        Some(Base {
            id,
            name,
            position,
            capacity,
            area: row.pcode("adm2_pcode"),
            note: row.owned("note"),
            source: row.source(),
        })
    })?;
    let mut kept = unique(kept, findings);
    find_exchanged(&kept, context.boundaries, findings);
    settle_areas(&mut kept, context.boundaries, findings);
    Some(kept.into_iter().map(|item| item.value).collect())
}

/// Reads towns.
pub(crate) fn towns(files: &[InputFile<'_>], findings: &mut Findings) -> Option<Vec<Town>> {
    let columns = [
        ID.needed(),
        NAME,
        LAT.needed(),
        LON.needed(),
        AREA,
        Column::new("population", &["population_estimate"], &["#population"]),
        SOURCE[0],
        SOURCE[1],
        SOURCE[2],
    ];
    let kept = tables(files, &columns, findings, |row| {
        let (id, name) = (row.own_id(TownId::new)?, row.require("name")?);
        let position = row.require_position()?;
        Some(Town {
            id,
            name,
            position,
            area: row.pcode("adm2_pcode"),
            population: row.number("population"),
            source: row.source(),
        })
    })?;
    Some(unique(kept, findings).into_iter().map(|item| item.value).collect())
}
