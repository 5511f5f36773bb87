//! Pages that need no plan of their own.

use super::plans::{LayerQuery, adopted_facts};
use super::{Answer, App, Ask, Work, answer};
use crate::layout::{PAGE_ROWS, Paging};
use crate::mapbox::{self, LAYERS, Layers, Marks};
use crate::pages::contributions::{ContributionsQuery, totals};
use crate::pages::mandate::{MandateQuery, calendar};
use crate::pages::protection::Adopted;
use crate::pages::record::{EntryPage, EntryRow, ErasureRow, Keeping, RecordQuery};
use crate::pages::situation::{SituationQuery, TotalsQuery};
use crate::pages::{about, contributions, council, glance, mandate, record, situation};
use crate::problem::Problem;
use crate::{assets, geo};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use konbit_desk::{Desk, DeskError, ERASURE_KIND, EntryView, Said, TileId};
use konbit_mission::Mission;
use konbit_mission::place::LayerKind;
use serde_json::{Value, json};

/// Entries on the first page.
const RECENT: u64 = 6;

/// Orders to erase on the record's page.
const ERASURES_SHOWN: usize = 10;

pub(super) async fn glance(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), |work| {
        let view = &work.view;
        let held = work.app.desk.plan_in_force(view.mission)?;
        let facts = held.as_ref().and_then(|held| adopted_facts(work, held));
        let plan = facts.as_ref().zip(held.as_ref()).map(|(facts, held)| (facts, adopted(held)));
        let size = view.record_size;
        let recent = newest(&work.app.desk, view.mission, size.saturating_sub(RECENT), size)?;
        let (sums, gap) = totals(view, view.today);
        let json = json!({
            "mission": view.mission.declared(), "today": view.today.to_string(),
            "record": { "size": size, "root": view.record_root },
            "personnel_gap": gap.map(|gap| json!({ "needed": gap.needed, "beyond_pledged": gap.beyond_pledged, "beyond_committed": gap.beyond_committed, "beyond_delivered": gap.beyond_delivered })),
            "contributions": sums_json(&sums),
            "plan": held.as_ref().map(|held| &held.adopted.value),
            "due": calendar(view).iter().filter(|(day, _)| *day >= view.today).map(|(day, obligation)| json!({ "day": day.to_string(), "obligation": obligation.value.id, "what": obligation.value.what })).collect::<Vec<_>>(),
        });
        Ok(Answer::page("The mission at a glance", "/", glance::glance(view, plan, &recent), json))
    })
    .await
}

/// The plan in force as pages name it.
pub(super) fn adopted(held: &konbit_desk::PlanView) -> Adopted<'_> {
    Adopted { plan: &held.adopted.value, entries: &held.adopted.entries }
}

pub(super) async fn council(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), |work| {
        let mission = work.view.mission;
        let votes: Vec<Value> = mission.resolutions.iter().map(|held| {
            json!({ "id": held.value.id, "vote": held.value.vote, "decision": held.value.vote.decide(), "entries": held.entries })
        }).collect();
        let steps: Vec<Value> = mission.steps.iter().map(|held| json!({ "step": held.value, "entries": held.entries })).collect();
        let json = json!({ "resolutions": votes, "steps": steps });
        Ok(Answer::page("The Council", "/council", council::council(&work.view), json))
    })
    .await
}

pub(super) async fn resolution(
    State(app): State<App>,
    Path(symbol): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let missing = || Problem::not_found(&format!("no resolution or draft {symbol:?} is in the record"));
        let main = council::resolution(&work.view, &symbol).ok_or_else(missing)?;
        let held = work.view.mission.resolutions.get(&symbol).ok_or_else(missing)?;
        let json = json!({ "resolution": held.value, "decision": held.value.vote.decide(), "entries": held.entries });
        Ok(Answer::page(symbol, "/council", main, json))
    })
    .await
}

pub(super) async fn mandate(
    State(app): State<App>,
    query: Result<Query<MandateQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let obligations: Vec<Value> = work
            .view
            .mission
            .obligations
            .iter()
            .map(|held| json!({ "obligation": held.value, "entries": held.entries }))
            .collect();
        let days: Vec<Value> = calendar(&work.view)
            .iter()
            .map(|(day, held)| json!({ "day": day.to_string(), "obligation": held.value.id }))
            .collect();
        let json = json!({ "calendar": days, "obligations": obligations });
        Ok(Answer::page("The mandate", "/mandate", mandate::mandate(&work.view, &query), json))
    })
    .await
}

fn sums_json(sums: &[konbit_mission::contributions::Sum]) -> Vec<Value> {
    sums.iter()
        .map(|sum| {
            json!({
                "kind": sum.kind, "unit": sum.unit, "pledged": sum.pledged, "committed": sum.committed,
                "delivered": sum.delivered, "without_figure": sum.without_figure, "lines": sum.lines,
            })
        })
        .collect()
}

pub(super) async fn contributions(
    State(app): State<App>,
    query: Result<Query<ContributionsQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let day = query.day(work.view.today);
        let (sums, gap) = totals(&work.view, day);
        let json = json!({
            "as_of": day.to_string(),
            "totals": sums_json(&sums),
            "gap": gap.map(|gap| json!({ "needed": gap.needed, "beyond_pledged": gap.beyond_pledged, "beyond_committed": gap.beyond_committed, "beyond_delivered": gap.beyond_delivered })),
        });
        Ok(Answer::page("Contributions", "/contributions", contributions::contributions(&work.view, &query), json))
    })
    .await
}

/// What lies under the marks of a map; what is missing or altered is left out of it and named in the log.
pub(super) fn layers(work: &Work<'_>) -> Layers {
    let mut layers = Layers { ground: work.app.desk.ground_version(work.view.mission), ..Layers::default() };
    for kind in LAYERS {
        match work.app.desk.layer(work.view.mission, kind) {
            Ok(bytes) => {
                layers.bytes.extend(bytes.map(|bytes| (kind, bytes)));
            }
            Err(error) => tracing::error!(%error, "a map layer cannot be read"),
        }
    }
    match work.app.desk.roads(work.view.mission) {
        Ok(Some(roads)) if !layers.bytes.contains_key(&LayerKind::Roads) => {
            layers.main_roads =
                roads.main_roads().into_iter().map(|(class, course)| (class, geo::line(&course))).collect();
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "the road network cannot be read"),
    }
    layers
}

pub(super) async fn tile(
    State(app): State<App>,
    Path((z, x, y)): Path<(String, String, String)>,
    version: Result<Query<LayerQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let version = version.map(|Query(version)| version.v).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let text = format!("{z}/{x}/{}", y.strip_suffix(".mvt").unwrap_or(&y));
        let id = TileId::parse(&text).map_err(|error| Problem::not_found(&error.to_string()))?;
        let missing = || Problem::not_found("the mission has nothing to draw a base map from");
        let ground = work.app.desk.ground(work.view.mission)?.ok_or_else(missing)?;
        let tile = ground.tiles().tile(id);
        if tile.left_out > 0 {
            tracing::info!(tile = text, left_out = tile.left_out, "features were left out to keep the tile small");
        }
        let immutable = ground.version().short() == version;
        Ok(Answer::File { media: "application/vnd.mapbox-vector-tile", name: None, bytes: tile.bytes, immutable })
    })
    .await
}

pub(super) async fn tile_json(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let missing = || Problem::not_found("the mission has nothing to draw a base map from");
        let ground = work.app.desk.ground(work.view.mission)?.ok_or_else(missing)?;
        let address = format!("http://{host}/tiles/{{z}}/{{x}}/{{y}}.mvt?v={}", ground.version().short());
        let json = ground.tile_json(work.view.mission_name(), &address);
        let bytes = serde_json::to_vec_pretty(&json).expect("TileJSON is texts and numbers");
        Ok(Answer::File { media: "application/json", name: None, bytes, immutable: false })
    })
    .await
}

pub(super) async fn situation(
    State(app): State<App>,
    query: Result<Query<SituationQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let mission = work.view.mission;
        let kept = || mission.incidents.iter().filter(|held| query.keeps(&held.value));
        let marks = Marks {
            incidents: kept().map(|held| &held.value).collect(),
            areas: mission.areas.values().filter(|area| area.is_in_force(work.view.today)).collect(),
            ..Marks::default()
        };
        let map = mapbox::map(&work.view, &layers(work), &marks, "Map of incidents and of areas held or contested");
        let json = json!({
            "incidents": kept().map(|held| json!({ "incident": held.value, "entries": held.entries })).collect::<Vec<_>>(),
            "totals": mission.totals.iter().map(|held| json!({ "total": held.value, "entries": held.entries })).collect::<Vec<_>>(),
        });
        Ok(Answer::page("The situation", "/situation", situation::situation(&work.view, &query, &map), json).with_map())
    })
    .await
}

pub(super) async fn all_totals(
    State(app): State<App>,
    query: Result<Query<TotalsQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let totals: Vec<Value> = work
            .view
            .mission
            .totals
            .iter()
            .map(|held| json!({ "total": held.value, "entries": held.entries }))
            .collect();
        Ok(Answer::page(
            "Published totals",
            "/situation",
            situation::all_totals(&work.view, &query),
            json!({ "totals": totals }),
        ))
    })
    .await
}

pub(super) async fn about(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), |work| {
        let json = json!({ "name": "konbit", "version": env!("CARGO_PKG_VERSION"), "licence": "Apache-2.0" });
        Ok(Answer::page("About", "/about", about::about(&work.view), json))
    })
    .await
}

pub(super) async fn record(
    State(app): State<App>,
    query: Result<Query<RecordQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let (view, desk) = (&work.view, &work.app.desk);
        let kinds: Vec<(String, u64)> = desk.kinds_count()?.into_iter().collect();
        let page = query.page.parse().ok();
        let (rows, paging) = if query.subject.is_empty() {
            let total = match query.kind.as_str() {
                "" => view.record_size,
                kind => kinds.iter().find(|(name, _)| name == kind).map_or(0, |(_, count)| *count),
            };
            let paging = Paging::new(usize::try_from(total).unwrap_or(usize::MAX), page);
            let skip = (paging.page - 1).saturating_mul(PAGE_ROWS) as u64;
            (page_of(desk, view.mission, &query.kind, total.saturating_sub(skip), view.record_size)?, paging)
        } else {
            let behind: Vec<u64> = view.mission.entries_behind(&query.subject, &query.id).iter().rev().copied().collect();
            let paging = Paging::new(behind.len(), page);
            let found: Result<Vec<_>, _> = behind[paging.range()].iter().map(|ix| desk.entry(*ix)).collect();
            (found?.into_iter().flatten().map(|found| row(view.mission, found)).collect(), paging)
        };
        let json = json!({
            "head": { "size": view.record_size, "root": view.record_root, "at": work.snapshot.head.at.map(|at| at.to_string()) },
            "kinds": kinds.iter().map(|(kind, count)| (kind.clone(), json!(count))).collect::<serde_json::Map<_, _>>(),
            "rows": paging.rows, "page": paging.page,
            // Oldest first, as a decision upon this record has to give them (`expects` of the API).
            "rests_on": (!query.subject.is_empty()).then(|| view.mission.entries_behind(&query.subject, &query.id)),
            "entries": rows.iter().map(row_json).collect::<Vec<_>>(),
        });
        let (erasures, erasures_count) = erasures(desk, view.mission, &kinds)?;
        let (published, verified) = (desk.published()?, desk.last_verified());
        let keeping = Keeping { published, erasures, erasures_count, verified, now: work.now };
        Ok(Answer::page("The record", "/record", record::record(view, &query, &kinds, &rows, paging, &keeping), json))
    })
    .await
}

fn row_json(row: &EntryRow) -> Value {
    json!({ "ix": row.ix, "at": row.at.to_string(), "actor": row.actor, "kind": row.kind, "title": row.title,
        "under": row.under.iter().map(|under| json!({ "resolution": under.resolution, "paragraph": under.number })).collect::<Vec<_>>() })
}

/// The newest entries of the range, newest first.
fn newest(desk: &Desk, mission: &Mission, from: u64, to: u64) -> Result<Vec<EntryRow>, DeskError> {
    let limit = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
    Ok(read(desk, None, from, to, limit)?.into_iter().rev().map(|found| row(mission, found)).collect())
}

/// One page of entries, newest first: of all kinds, or of one. `upto` counts the entries of that kind up to and
/// including the newest one of the page.
fn page_of(desk: &Desk, mission: &Mission, kind: &str, upto: u64, size: u64) -> Result<Vec<EntryRow>, DeskError> {
    if kind.is_empty() {
        return newest(desk, mission, upto.saturating_sub(PAGE_ROWS as u64), upto);
    }
    let limit = usize::try_from(upto).unwrap_or(usize::MAX);
    let found = read(desk, Some(kind), 0, size, limit)?;
    Ok(found.into_iter().rev().take(PAGE_ROWS).map(|found| row(mission, found)).collect())
}

/// Entries in a range, oldest first.
fn read(desk: &Desk, kind: Option<&str>, from: u64, to: u64, limit: usize) -> Result<Vec<EntryView>, DeskError> {
    let entries = |filter: &_| desk.entries(filter);
    let mut filter = argument_of(&entries);
    filter.kind = kind.map(str::to_owned);
    (filter.from, filter.to, filter.limit) = (from, to, limit);
    entries(&filter)
}

/// The default of the argument of a function, whose type this crate must not depend on.
fn argument_of<F: Default, R>(_: &impl Fn(&F) -> R) -> F {
    F::default()
}

fn row(mission: &Mission, view: EntryView) -> EntryRow {
    let title = view.said.title();
    let under = view.said.event().map(|event| record::paragraphs(mission, event)).unwrap_or_default();
    EntryRow { ix: view.entry.ix, at: view.entry.at, actor: view.entry.actor, kind: view.entry.kind, title, under }
}

/// The newest orders to erase, and how many there are.
fn erasures(desk: &Desk, mission: &Mission, kinds: &[(String, u64)]) -> Result<(Vec<ErasureRow>, u64), DeskError> {
    let count = kinds.iter().find(|(kind, _)| kind == ERASURE_KIND).map_or(0, |(_, count)| *count);
    if count == 0 {
        return Ok((Vec::new(), 0));
    }
    let all = read(desk, Some(ERASURE_KIND), 0, u64::MAX, usize::MAX)?;
    let order = |found: EntryView| match found.said.clone() {
        Said::Erasure(order) => Some(ErasureRow {
            row: row(mission, found),
            entries: order.entries,
            reason: order.reason,
            authority: order.authority,
        }),
        _ => None,
    };
    Ok((all.into_iter().rev().filter_map(order).take(ERASURES_SHOWN).collect(), count))
}

pub(super) async fn entry(State(app): State<App>, Path(ix): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let (view, desk) = (&work.view, &work.app.desk);
        let missing =
            || Problem::not_found(&format!("no entry {ix} is in the record, which holds {}", view.record_size));
        let number: u64 = ix.parse().map_err(|_| missing())?;
        let found = desk.entry(number)?.filter(|found| found.entry.ix < view.record_size).ok_or_else(missing)?;
        let target = found
            .said
            .event()
            .map(konbit_mission::Event::target)
            .map(|(subject, id)| (subject.to_owned(), id.to_owned()));
        let behind =
            target.as_ref().map(|(subject, id)| view.mission.entries_behind(subject, id).to_vec()).unwrap_or_default();
        let value: Option<Value> = serde_json::from_slice(&found.entry.body).ok();
        let body = value
            .as_ref()
            .map_or_else(|| String::from_utf8_lossy(&found.entry.body).into_owned(), |value| format!("{value:#}"));
        let proof: Vec<String> =
            desk.inclusion_proof(number, view.record_size)?.iter().map(ToString::to_string).collect();
        let leaf = found.entry.leaf.to_string();
        let erased_by = match found.said {
            Said::Erased { by } => Some(by),
            _ => None,
        };
        let erases = match &found.said {
            Said::Erasure(order) => Some((order.entries.clone(), order.authority.clone())),
            _ => None,
        };
        let (row, stands) = (row(view.mission, found), !behind.is_empty());
        let page = EntryPage { row, body, leaf, target, behind, stands, erased_by, erases, proof };
        let json = json!({
            "entry": row_json(&page.row), "body": value, "leaf": page.leaf,
            "inclusion": { "size": view.record_size, "root": view.record_root, "proof": page.proof },
        });
        Ok(Answer::page(format!("Entry {ix}"), "/record", record::entry(view, &page), json))
    })
    .await
}

pub(super) async fn verify(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), |work| {
        let report = konbit_desk::verify(work.app.desk.dir().path())?;
        let json = serde_json::to_value(&report).expect("a report is text, numbers and lists");
        Ok(Answer::page("Verification of the record", "/record", record::verified(&report), json))
    })
    .await
}

pub(super) async fn nowhere(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    let what = format!("there is nothing at {}", uri.path());
    answer(app, Ask::new(&uri, &headers), move |_| Err(Problem::not_found(&what))).await
}

pub(super) async fn wrong_method(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), |_| Err(Problem::wrong_method())).await
}

pub(super) async fn asset(Path(path): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(asset) = assets::find(&path) else {
        return super::bare(&Ask::new(&uri, &headers), &Problem::not_found("no such file belongs to this version"));
    };
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let zipped = accepts.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip"));
    let mut response = (StatusCode::OK, if zipped { asset.gzip } else { asset.bytes }).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(assets::CACHE_CONTROL));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if zipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
