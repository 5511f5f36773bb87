//! Charts as the server draws them: lines on quiet axes, each with a table beside it on the page.

use crate::format;
use jiff::civil::Date;
use maud::{Markup, html};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 44.0;

/// Linear axes over the drawing area.
#[derive(Debug, Clone, Copy)]
struct Axes {
    x: (f64, f64),
    y: (f64, f64),
}

impl Axes {
    fn x(&self, value: f64) -> f64 {
        LEFT + (value - self.x.0) / (self.x.1 - self.x.0).max(1e-12) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - (value - self.y.0) / (self.y.1 - self.y.0).max(1e-12) * (HEIGHT - TOP - BOTTOM)
    }

    fn grid_y(&self, unit: &str) -> Markup {
        let step = round_step((self.y.1 - self.y.0) / 4.0);
        let places = usize::from(step < 1.0) + usize::from(step < 0.1);
        html! {
            @for value in steps(self.y, step) {
                path.grid d={ "M" (LEFT) " " (tenth(self.y(value))) "H" (WIDTH - RIGHT) } {}
                text.tick x=(LEFT - 6.0) y=(tenth(self.y(value) + 4.0)) text-anchor="end" { (format::decimal(value, places)) }
            }
            text.unit x="0" y="11" { (unit) }
        }
    }
}

fn tenth(value: f64) -> String {
    format!("{value:.1}")
}

/// 1, 2 or 5 times a power of ten, at least `wanted`.
fn round_step(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.max(1e-9).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= wanted * 0.999).unwrap_or(wanted)
}

/// Multiples of `step` within `range`, at most 40.
fn steps((low, high): (f64, f64), step: f64) -> Vec<f64> {
    let first = (low / step).ceil();
    (0..40).map(|index| (first + f64::from(index)) * step).take_while(|value| *value <= high + step * 1e-6).collect()
}

/// One point of the curve of harm against force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// People in the force.
    pub personnel: u32,
    /// Expected persons harmed a week under the plan.
    pub value: f64,
    /// No plan with this force does better.
    pub bound: f64,
}

/// Harm against force: the plan's value as a line, the proven band below it, and the force of the page marked.
pub fn curve(points: &[CurvePoint], personnel: u32, label: &str) -> Markup {
    let least = points.iter().map(|point| point.personnel).min().unwrap_or(0);
    let most = points.iter().map(|point| point.personnel).max().unwrap_or(1);
    let high = points.iter().map(|point| point.value).fold(0.0, f64::max);
    let axes = Axes { x: (f64::from(least), f64::from(most)), y: (0.0, high.max(1e-6) * 1.12) };
    let place = |personnel: u32, y: f64| format!("{} {}", tenth(axes.x(f64::from(personnel))), tenth(axes.y(y)));
    let line: Vec<String> = points.iter().map(|point| place(point.personnel, point.value)).collect();
    let below: Vec<String> = points.iter().rev().map(|point| place(point.personnel, point.bound)).collect();
    let here = points.iter().find(|point| point.personnel == personnel);
    html! {
        svg.chart xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(label) {
            (axes.grid_y("persons harmed a week"))
            @for value in steps(axes.x, round_step((axes.x.1 - axes.x.0) / 6.0)) {
                text.tick x=(tenth(axes.x(value))) y=(HEIGHT - BOTTOM + 18.0) text-anchor="middle" { (format::decimal(value, 0)) }
            }
            text.unit x=(WIDTH - RIGHT) y=(HEIGHT - 6.0) text-anchor="end" { "people" }
            @if !line.is_empty() {
                path.band d={ "M" (line.join("L")) "L" (below.join("L")) "Z" } {}
                path.line d={ "M" (line.join("L")) } {}
            }
            @for point in points {
                circle.dot cx=(tenth(axes.x(f64::from(point.personnel)))) cy=(tenth(axes.y(point.value))) r="3" {
                    title { (format::count(point.personnel.into())) " people: " (format::harm(point.value)) " (bound " (format::harm(point.bound)) ")" }
                }
            }
            @if let Some(here) = here {
                @let x = axes.x(f64::from(here.personnel));
                @let to_left = x > WIDTH - 220.0;
                path.here d={ "M" (tenth(x)) " " (TOP) "V" (HEIGHT - BOTTOM) } {}
                text.here-label x=(tenth(if to_left { x - 6.0 } else { x + 6.0 })) y=(TOP + 8.0) text-anchor=(if to_left { "end" } else { "start" }) {
                    (format::count(here.personnel.into())) " people: " (format::harm(here.value))
                }
            }
        }
    }
}

/// One published figure over its period.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// First day.
    pub start: Date,
    /// Last day.
    pub end: Date,
    /// The figure.
    pub value: u64,
    /// Which series it belongs to, from 0.
    pub series: usize,
    /// What a reader sees when pointing at it.
    pub says: String,
}

/// Days in a month, on average, for figures of periods of different length.
const MONTH_DAYS: f64 = 30.4;

/// The figure over its period as a rate: per 30.4 days.
pub fn per_month(start: Date, end: Date, value: u64) -> f64 {
    let days = f64::from((end - start).get_days()) + 1.0;
    value as f64 / days.max(1.0) * MONTH_DAYS
}

/// Published figures side by side: each a bar as long as its period, at the height of its monthly rate.
/// Nothing is added up.
pub fn spans(spans: &[Span], series: &[String], label: &str) -> Markup {
    let (Some(first), Some(last)) = (spans.iter().map(|s| s.start).min(), spans.iter().map(|s| s.end).max()) else {
        return html! {};
    };
    let since = |day: Date| f64::from((day - first).get_days());
    let rate = |span: &Span| per_month(span.start, span.end, span.value);
    let high = spans.iter().map(rate).fold(0.0, f64::max);
    let axes = Axes { x: (0.0, since(last) + 1.0), y: (0.0, high.max(1.0) * 1.12) };
    let quarters: Vec<Date> = (first.year()..=last.year())
        .flat_map(|year| [1i8, 4, 7, 10].map(|month| jiff::civil::date(year, month, 1)))
        .filter(|day| *day >= first && *day <= last)
        .collect();
    html! {
        svg.chart xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(label) {
            (axes.grid_y("people a month"))
            @for day in quarters {
                path.grid d={ "M" (tenth(axes.x(since(day)))) " " (HEIGHT - BOTTOM) "v4" } {}
                @if axes.x(since(day)) < WIDTH - 60.0 {
                    text.tick x=(tenth(axes.x(since(day)) + 2.0)) y=(HEIGHT - BOTTOM + 18.0) { (day.strftime("%b %Y").to_string()) }
                }
            }
            @for span in spans {
                path class={ "span s" (span.series) } d={
                    "M" (tenth(axes.x(since(span.start)))) " " (tenth(axes.y(rate(span)))) "H" (tenth(axes.x(since(span.end) + 1.0)))
                } { title { (span.says) } }
            }
        }
        ul.legend {
            @for (index, name) in series.iter().enumerate() {
                li { svg.key viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true" { path class={ "span s" (index) } d="M-7 0H7" {} } " " (name) }
            }
        }
    }
}

/// What is reached of what is needed, as one bar, with a stroke where the need is met. Each part: class, size, words.
pub fn bar(needed: u64, parts: &[(&str, u64, String)], label: &str) -> Markup {
    let whole = parts.iter().map(|(_, part, _)| *part).fold(needed, u64::max).max(1);
    let width = |part: u64| 700.0 * (part as f64) / (whole as f64);
    html! {
        svg.bar xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 18" preserveAspectRatio="none" role="img" aria-label=(label) {
            rect.whole width="700" height="18" {}
            @for (class, part, words) in parts {
                @if *part > 0 { rect class=(class) width=(tenth(width(*part))) height="18" { title { (words) } } }
            }
            @if needed > 0 { path.needed d={ "M" (tenth(width(needed).min(698.5))) " 0v18" } { title { (format::count(needed)) " needed" } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn check_step(wanted: f64, expect: f64) {
        assert!((round_step(wanted) - expect).abs() < 1e-9, "{wanted}: {}", round_step(wanted));
    }

    #[test]
    fn steps_are_round_and_bounded() {
        check_step(0.3, 0.5);
        check_step(1.0, 1.0);
        check_step(130.0, 200.0);
        check_step(6.0, 10.0);
        assert_eq!(steps((500.0, 1500.0), 200.0), [600.0, 800.0, 1000.0, 1200.0, 1400.0]);
        assert!(steps((0.0, 1e9), 1.0).len() <= 40);
    }

    #[test]
    fn a_rate_takes_both_ends_of_the_period() {
        // 304 people in 10 days are 30.4 a day, and 924.16 in 30.4 days.
        let rate = per_month(date(2023, 1, 1), date(2023, 1, 10), 304);
        assert!((rate - 924.16).abs() < 0.01, "{rate}");
    }

    #[test]
    fn a_chart_of_nothing_is_drawn_without_a_line() {
        let empty = curve(&[], 1000, "none").into_string();
        assert!(!empty.contains("NaN") && !empty.contains("class=\"line\""));
        assert!(spans(&[], &[], "none").into_string().is_empty());
        let one = curve(&[CurvePoint { personnel: 1000, value: 0.0, bound: 0.0 }], 1000, "one").into_string();
        assert!(!one.contains("NaN") && !one.contains("inf"), "{one}");
    }
}
