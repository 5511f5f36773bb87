//! QR codes of texts that are carried by hand, for a terminal and as a drawing.

use konbit_record::{CarryError, fits_qr};
use qrcode::render::{svg, unicode::Dense1x2};
use qrcode::{EcLevel, QrCode};
use std::fmt::Write as _;
use thiserror::Error;

/// Why there is no QR code.
#[derive(Debug, Error)]
pub enum QrError {
    /// The text is too long for one.
    #[error(transparent)]
    Long(#[from] CarryError),
    /// The encoder failed.
    #[error("the text cannot be drawn as a QR code: {0}")]
    Encoder(String),
}

/// How a code is drawn in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Black on white by escape sequences, whatever the colours of the terminal are.
    Coloured,
    /// Characters only; ink on paper is dark, as in print.
    Plain,
}

/// The code in half blocks, two rows of it in one line of text, with the quiet zone that the standard asks for.
///
/// # Errors
/// [`QrError`].
pub fn qr_terminal(text: &str, ink: Ink) -> Result<String, QrError> {
    let drawn = code(text)?.render::<Dense1x2>().quiet_zone(true).build();
    if ink == Ink::Plain {
        return Ok(drawn + "\n");
    }
    let mut out = String::new();
    for line in drawn.lines() {
        // 16 and 231 are black and white of the fixed part of the 256 colours, which themes leave alone.
        writeln!(out, "\u{1b}[38;5;16;48;5;231m{line}\u{1b}[0m").expect("writing to a string");
    }
    Ok(out)
}

/// The code as SVG, 4 units a module.
///
/// # Errors
/// [`QrError`].
pub fn qr_svg(text: &str) -> Result<String, QrError> {
    let code = code(text)?;
    let mut renderer = code.render::<svg::Color<'_>>();
    Ok(renderer.quiet_zone(true).module_dimensions(4, 4).build() + "\n")
}

/// With as much error correction as the size allows: M reads better from a bent sheet, L holds the most.
fn code(text: &str) -> Result<QrCode, QrError> {
    fits_qr(text)?;
    QrCode::with_error_correction_level(text, EcLevel::M)
        .or_else(|_| QrCode::with_error_correction_level(text, EcLevel::L))
        .map_err(|error| QrError::Encoder(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a drawing in half blocks as a camera would see it.
    fn read(drawn: &str) -> String {
        let rows: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        let is_dark = |x: usize, y: usize| match rows[y / 2][x] {
            '\u{2588}' => true,
            '\u{2580}' => y.is_multiple_of(2),
            '\u{2584}' => !y.is_multiple_of(2),
            _ => false,
        };
        // Four pixels a module.
        let (width, height) = (rows[0].len() * 4, rows.len() * 8);
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(
                width,
                height,
                |x, y| {
                    if is_dark(x / 4, y / 4) { 0 } else { 255 }
                },
            );
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    fn check(text: &str) {
        assert_eq!(read(&qr_terminal(text, Ink::Plain).unwrap()), text, "{} bytes", text.len());
    }

    #[test]
    fn what_is_drawn_is_read_back() {
        check("old 0\n\nmission.example/record\n0\n\n\u{2014} x y\n");
        for bytes in [300, 1000, 2331, 2332, 2953] {
            let text: String = "abc/de+F012\n\u{2014}".chars().cycle().take(bytes).collect();
            let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= bytes).last().unwrap();
            check(&text[..end]);
        }
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let error = qr_terminal(&"x".repeat(2954), Ink::Plain).unwrap_err();
        assert!(error.to_string().contains("carry it as a file"), "{error}");
        assert!(qr_svg(&"x".repeat(2954)).is_err());
    }

    #[test]
    fn colours_are_set_for_each_line_and_the_drawing_is_an_svg() {
        let drawn = qr_terminal("x", Ink::Coloured).unwrap();
        assert!(drawn.lines().all(|line| line.starts_with("\u{1b}[38;5;16;48;5;231m") && line.ends_with("\u{1b}[0m")));
        let svg = qr_svg("x").unwrap();
        assert!(svg.contains("<svg") && svg.ends_with("</svg>\n"), "{svg}");
    }
}
