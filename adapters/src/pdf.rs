//! A paper as PDF (ISO 32000-1): A4, the fonts every reader has, text that can be searched and copied, barcodes that can be
//! scanned. The same paper gives the same bytes: no clock, no randomness, nothing of this machine.

mod block;
mod code128;
mod font;
mod sheet;
mod table;

use pdf_writer::{Finish, Name, Pdf, Rect, Ref, TextStr};
use rackhand_core::document::Document;
use sha2::{Digest, Sha256};

use font::Font;
use sheet::{PAGE, Sheets};

/// The media type of what [`render`] gives.
pub const MEDIA_TYPE: &str = "application/pdf";

/// The whole file. Characters that the fonts lack are written with those they have (`Ł` as `L`); what has no likeness is a
/// `?`, and then each page says so at its foot.
pub fn render(document: &Document) -> Vec<u8> {
    let title = format!("{} {}", document.title, document.number);
    let mut sheets = Sheets::new(&title, &document.date);
    block::head(&mut sheets, document);
    for part in &document.blocks {
        block::draw(&mut sheets, part);
    }
    let pages: Vec<Vec<u8>> =
        sheets.finish(&document.footer).into_iter().map(|page| page.finish().into_vec()).collect();
    file(&title, &pages)
}

/// The objects: catalogue, page tree, information, fonts, then for each page itself and what is on it.
fn file(title: &str, pages: &[Vec<u8>]) -> Vec<u8> {
    let (catalogue, tree, information) = (Ref::new(1), Ref::new(2), Ref::new(3));
    let font = |n: usize| Ref::new(4 + n as i32);
    let first = 4 + Font::ALL.len();
    let page_at = |n: usize| Ref::new((first + 2 * n) as i32);
    let content_at = |n: usize| Ref::new((first + 2 * n + 1) as i32);

    let mut pdf = Pdf::with_capacity(pages.iter().map(Vec::len).sum::<usize>() + 4_096 + 512 * pages.len());
    let mut root = pdf.catalog(catalogue);
    root.pages(tree).lang(TextStr("en"));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    pdf.document_info(information).title(TextStr(title)).producer(TextStr("Rackhand"));
    let (width, height) = PAGE;
    let mut all = pdf.pages(tree);
    all.kids((0..pages.len()).map(page_at)).count(pages.len() as i32).media_box(Rect::new(0.0, 0.0, width, height));
    let mut resources = all.resources();
    let mut fonts = resources.fonts();
    for (n, face) in Font::ALL.into_iter().enumerate() {
        fonts.pair(Name(face.key()), font(n));
    }
    fonts.finish();
    resources.finish();
    all.finish();
    for (n, face) in Font::ALL.into_iter().enumerate() {
        pdf.type1_font(font(n)).base_font(Name(face.name())).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let mut hash = Sha256::new_with_prefix(title);
    for (n, page) in pages.iter().enumerate() {
        pdf.page(page_at(n)).parent(tree).contents(content_at(n));
        pdf.stream(content_at(n), page);
        hash.update((page.len() as u64).to_be_bytes());
        hash.update(page);
    }
    let id = hash.finalize()[..16].to_vec();
    pdf.set_file_id((id.clone(), id));
    pdf.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
