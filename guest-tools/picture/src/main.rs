//! Draws an SVG of the standard input as `/tmp/picture.png`. What is wrong with it is said on the standard error, in one line, with exit code 1.
use std::collections::BTreeSet;
use std::io::Read;
use std::process::exit;
use std::sync::{Arc, Mutex};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{FontResolver, ImageHrefResolver, Options, Tree, fontdb};

const REGULAR: &[u8] = include_bytes!("../build/package/ttf/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../build/package/ttf/DejaVuSans-Bold.ttf");
const FAMILY: &str = "DejaVu Sans";
/// 4 bytes each.
const MOST_PIXELS: u64 = 16_000_000;
/// Letters without a glyph that are named.
const MOST_NAMED: usize = 10;

fn main() {
    let mut svg = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut svg) {
        fail(&error.to_string());
    }
    let missing = Arc::new(Mutex::new(BTreeSet::new()));
    let tree = match Tree::from_data(&svg, &options(missing.clone())) {
        Ok(tree) => tree,
        Err(error) => fail(&error.to_string()),
    };
    let size = tree.size().to_int_size();
    let pixels = u64::from(size.width()) * u64::from(size.height());
    if pixels > MOST_PIXELS {
        let (width, height) = (size.width(), size.height());
        fail(&format!("{width} × {height} pixels are over {MOST_PIXELS}"));
    }
    let missing = missing.lock().map(|found| found.iter().collect::<String>()).unwrap_or_default();
    if !missing.is_empty() {
        fail(&format!("{FAMILY}, its only font, has no {missing}"));
    }
    let Some(mut pixmap) = Pixmap::new(size.width(), size.height()) else {
        fail("it has no size");
    };
    resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
    match pixmap.encode_png() {
        Ok(png) => {
            if let Err(error) = std::fs::write("/tmp/picture.png", png) {
                fail(&error.to_string());
            }
        }
        Err(error) => fail(&error.to_string()),
    }
}

/// One font in two weights, whatever family is asked for, and no picture that lies elsewhere.
fn options(missing: Arc<Mutex<BTreeSet<char>>>) -> Options<'static> {
    let mut options = Options {
        font_family: FAMILY.into(),
        image_href_resolver: ImageHrefResolver {
            resolve_string: Box::new(|_, _| None),
            ..ImageHrefResolver::default()
        },
        ..Options::default()
    };
    let fonts = options.fontdb_mut();
    for font in [REGULAR, BOLD] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
    }
    for set in [
        fontdb::Database::set_sans_serif_family,
        fontdb::Database::set_serif_family,
        fontdb::Database::set_monospace_family,
        fontdb::Database::set_cursive_family,
        fontdb::Database::set_fantasy_family,
    ] {
        set(fonts, FAMILY);
    }
    let select_fallback = FontResolver::default_fallback_selector();
    options.font_resolver = FontResolver {
        select_font: FontResolver::default_font_selector(),
        select_fallback: Box::new(move |letter, used, fonts| {
            let found = select_fallback(letter, used, fonts);
            if let (None, Ok(mut missing)) = (found, missing.lock())
                && missing.len() < MOST_NAMED
            {
                missing.insert(letter);
            }
            found
        }),
    };
    options
}

fn fail(reason: &str) -> ! {
    eprint!("{}", reason.replace(['\n', '\r'], " "));
    exit(1)
}
