//! The files: whole, the same each time, and readable by programs that are not ours.

use std::collections::BTreeMap;
use std::process::Command;

use proptest::prelude::*;
use rackhand_core::document::{Align, Block, Column, Document, Fact, Party, Section, Table, letters};
use rackhand_core::text::Text;

use super::font::Style;
use super::*;

fn paper(blocks: Vec<Block>) -> Document {
    Document {
        title: "Work order".into(),
        number: "WO-000031".into(),
        date: "2026-11-18".into(),
        code: "WO-000031".into(),
        blocks,
        footer: "Work order WO-000031, site fra1".into(),
    }
}

fn section(title: &str, code: &str) -> Block {
    Block::Section(Section { title: title.into(), code: code.into(), on_new_page: false })
}

fn find(file: &[u8], what: &[u8], from: usize) -> Option<usize> {
    file[from..].windows(what.len()).position(|w| w == what).map(|n| from + n)
}

fn number_after(file: &[u8], what: &[u8], from: usize) -> usize {
    let at = find(file, what, from).unwrap() + what.len();
    let digits = file[at..].iter().skip_while(|b| b.is_ascii_whitespace()).take_while(|b| b.is_ascii_digit());
    digits.fold(0, |n, digit| n * 10 + usize::from(digit - b'0'))
}

/// The objects of a file as its cross-reference table leads to them; it panics where the table does not lead there.
fn objects(file: &[u8]) -> BTreeMap<usize, Vec<u8>> {
    assert!(file.starts_with(b"%PDF-1.7\n") && file.ends_with(b"%%EOF"), "head and end");
    let tail = &file[file.len() - 200.min(file.len())..];
    let start = number_after(tail, b"startxref\n", 0);
    assert!(file[start..].starts_with(b"xref\n0 "));
    let count = number_after(file, b"xref\n0", start);
    let first = find(file, b"\n", start + 5).unwrap() + 1;
    let mut found = BTreeMap::new();
    for id in 1..count {
        let entry = &file[first + 20 * id..first + 20 * (id + 1)];
        assert_eq!(&entry[10..], b" 00000 n\r\n");
        let offset: usize = std::str::from_utf8(&entry[..10]).unwrap().parse().unwrap();
        let head = format!("{id} 0 obj\n");
        assert!(file[offset..].starts_with(head.as_bytes()), "object {id} is not at {offset}");
        let body = offset + head.len();
        let end = match find(&file[..start], b"\nstream\n", body) {
            Some(data) if find(file, b"\nendobj", body).unwrap() > data => {
                let end = data + 8 + number_after(file, b"/Length", body);
                assert!(file[end..].starts_with(b"\nendstream\nendobj"), "the length of stream {id}");
                end
            }
            _ => find(file, b"\nendobj", body).unwrap(),
        };
        found.insert(id, file[body..end].to_vec());
    }
    assert_eq!(number_after(file, b"/Size", start), count);
    found
}

/// A line of text: where it begins, how wide it is, its bytes.
type Shown = (f32, f32, f32, Vec<u8>);

/// What each page shows.
fn shown(file: &[u8]) -> Vec<Vec<Shown>> {
    let streams = objects(file).into_values().filter_map(|o| find(&o, b"stream\n", 0).map(|n| o[n + 7..].to_vec()));
    streams.map(|content| texts(&content)).collect()
}

fn texts(content: &[u8]) -> Vec<Shown> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(begin) = find(content, b"BT\n", at) {
        let td = find(content, b" Td\n", begin).unwrap() + 4;
        let words: Vec<&str> = std::str::from_utf8(&content[begin..td]).unwrap().split_whitespace().collect();
        let font = Font::ALL.into_iter().find(|f| words[1].as_bytes()[1..] == *f.key()).unwrap();
        let style = Style::new(font, (words[2].parse::<f32>().unwrap() * 10.0).round() as u32);
        let end = find(content, b" Tj\nET", td).unwrap();
        let bytes = string(&content[td..end]);
        let width = bytes.iter().map(|b| style.of_byte(*b)).sum::<u32>() as f32 / 1_000.0;
        found.push((words[4].parse().unwrap(), words[5].parse().unwrap(), width, bytes));
        at = end;
    }
    found
}

/// A string object's bytes (ISO 32000-1, 7.3.4).
fn string(token: &[u8]) -> Vec<u8> {
    if token[0] == b'<' {
        let digits = std::str::from_utf8(&token[1..token.len() - 1]).unwrap();
        return (0..digits.len()).step_by(2).map(|n| u8::from_str_radix(&digits[n..n + 2], 16).unwrap()).collect();
    }
    let (mut out, mut inner) = (Vec::new(), token[1..token.len() - 1].iter());
    while let Some(b) = inner.next() {
        out.push(if *b == b'\\' { *inner.next().unwrap() } else { *b });
    }
    out
}

fn all_text(file: &[u8]) -> String {
    let bytes: Vec<u8> = shown(file).into_iter().flatten().flat_map(|(.., text)| text).collect();
    bytes.into_iter().map(char::from).collect()
}

/// Whether a program of another's is here; CI installs them.
fn is_here(program: &str, package: &str) -> bool {
    let here = Command::new(program).arg("--help").output().is_ok();
    if !here {
        crate::untested::untested(&format!("papers as {program} reads them"), &format!("install {package}"));
    }
    here
}

#[test]
fn the_same_paper_gives_the_same_bytes_and_another_one_another_id() {
    let id = |file: &[u8]| file[find(file, b"/ID", 0).unwrap()..].to_vec();
    let one = render(&paper(vec![Block::Paragraph("Mount it.".into())]));
    assert_eq!(one, render(&paper(vec![Block::Paragraph("Mount it.".into())])));
    assert_ne!(id(&one), id(&render(&paper(vec![Block::Paragraph("Mount it!".into())]))));
}

#[test]
fn ten_thousand_rows_repeat_their_heading_on_every_page() {
    let mut table = Table::new(&["Serial", "Description", ">Amount"]);
    let row = |n: u32| vec![format!("S{n:06}").into(), "a server, with rails and cables".into(), n.to_string().into()];
    table.rows = (0..10_000).map(row).collect();
    let file = render(&paper(vec![Block::Table(table)]));
    let pages = shown(&file);
    assert!((200..500).contains(&pages.len()), "{} pages", pages.len());
    for (n, page) in pages.iter().enumerate() {
        let has = |text: &str| page.iter().any(|(.., shown)| shown == text.as_bytes());
        assert!(has("Serial") && has("Amount"), "page {}", n + 1);
        assert!(has(&format!("Page {} of {}", n + 1, pages.len())));
    }
    let serials = pages.iter().flatten().filter(|(.., text)| text.len() == 7 && text.starts_with(b"S0"));
    assert_eq!(serials.count(), 10_000);
}

#[test]
fn a_character_that_no_font_has_is_marked_and_the_page_says_so() {
    let file = render(&paper(vec![Block::Paragraph("Łódź, 5 € “net”".into())]));
    // Windows-1252: the euro sign is 80, the quotation marks are 93 and 94.
    assert!(all_text(&file).contains("Lódz, 5 \u{80} \u{93}net\u{94}") && !all_text(&file).contains('?'));
    let file = render(&paper(vec![Block::Paragraph("Київ".into())]));
    assert!(all_text(&file).contains("????") && all_text(&file).contains(letters::MISSING));
}

#[test]
fn pdf_tools_read_title_pages_and_text() {
    if !is_here("pdftotext", "poppler-utils") {
        return;
    }
    let mut table = Table::new(&["Interface", "Switch"]);
    table.rows = (0..80).map(|n| vec![format!("eno{n}").into(), "leaf-r07 (left), Größe 5 €".into()]).collect();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("paper.pdf");
    std::fs::write(&path, render(&paper(vec![Block::Table(table)]))).unwrap();
    let told = Command::new("pdfinfo").arg(&path).output().unwrap();
    assert!(told.stderr.is_empty(), "{}", String::from_utf8_lossy(&told.stderr));
    let told = String::from_utf8(told.stdout).unwrap();
    for line in [r"Title:           Work order WO-000031", "Pages:           3", "(A4)"] {
        assert!(told.contains(line), "{told}");
    }
    let text = Command::new("pdftotext").args(["-layout"]).arg(&path).arg("-").output().unwrap();
    assert!(text.stderr.is_empty(), "{}", String::from_utf8_lossy(&text.stderr));
    let text = String::from_utf8(text.stdout).unwrap();
    assert_eq!(text.matches("leaf-r07 (left), Größe 5 €").count(), 80, "{text}");
    assert!(text.contains("Page 3 of 3"), "{text}");
}

#[test]
fn a_scanner_reads_the_barcodes_from_the_page() {
    if !is_here("pdftoppm", "poppler-utils") || !is_here("zbarimg", "zbar-tools") {
        return;
    }
    let all: String = (' '..='~').collect();
    let mut codes: Vec<&str> = (0..all.len()).step_by(19).map(|n| &all[n..n + 19]).collect();
    codes.extend(["MXQ7420ABC", "x", "a-rather-long-number-of-a-vendor/2026-000123456789"]);
    let longest = codes.pop().map(|code| &code[..code128::MAX_CHARS]).unwrap();
    codes.push(longest);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("paper.pdf");
    std::fs::write(&path, render(&paper(codes.iter().map(|code| section("Server", code)).collect()))).unwrap();
    let image = directory.path().join("page");
    Command::new("pdftoppm").args(["-r", "300", "-gray"]).arg(&path).arg(&image).status().unwrap();
    let pages: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let pages = pages.into_iter().filter(|path| path.extension().is_some_and(|e| e == "pgm"));
    let read = Command::new("zbarimg").args(["--quiet", "-Sdisable", "-Scode128.enable"]).args(pages).output().unwrap();
    let read = String::from_utf8(read.stdout).unwrap();
    for code in codes.into_iter().chain(["WO-000031"]) {
        assert!(read.lines().any(|line| line == format!("CODE-128:{code}")), "{code} in\n{read}");
    }
}

fn any_text() -> impl Strategy<Value = Text> {
    prop_oneof!["[a-z0-9 ()\\\\<>%/]{0,40}", "\\PC{0,80}", "[A-Z]{40,200}", "( [a-z]{1,9}){0,120}"].prop_map(Text::from)
}

fn any_block() -> impl Strategy<Value = Block> {
    let fact = || (any_text(), any_text()).prop_map(|(label, value)| Fact { label, value });
    let lines = |most: usize| prop::collection::vec(any_text(), 0..most);
    let align = prop_oneof![Just(Align::Left), Just(Align::Right)];
    let column = (any_text(), align).prop_map(|(title, align)| Column { title, align });
    let rows = prop::collection::vec(lines(7), 0..7);
    let table = (prop::collection::vec(column, 0..7), rows, prop::collection::vec(fact(), 0..3), any::<bool>());
    let party = (any_text(), lines(4)).prop_map(|(role, lines)| Party { role, lines });
    prop_oneof![
        (any_text(), any_text(), any::<bool>()).prop_map(|(title, code, on_new_page)| Block::Section(Section {
            title,
            code,
            on_new_page
        })),
        prop::collection::vec(party, 0..5).prop_map(Block::Parties),
        prop::collection::vec(fact(), 0..5).prop_map(Block::Facts),
        table.prop_map(|(columns, rows, totals, tick)| Block::Table(Table { columns, rows, totals, tick })),
        any_text().prop_map(Block::Paragraph),
        any_text().prop_map(Block::Notice),
        lines(9).prop_map(Block::Checks),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_on_a_paper_its_file_is_whole_and_its_text_on_the_page(
        head in (any_text(), any_text(), any_text(), any_text(), any_text()),
        blocks in prop::collection::vec(any_block(), 0..6),
    ) {
        let (title, number, date, code, footer) = head;
        let file = render(&Document { title, number, date, code, blocks, footer });
        let pages = shown(&file);
        prop_assert!(!pages.is_empty() && pages.len() < 60);
        for page in pages {
            for (n, (x, y, width, text)) in page.iter().enumerate() {
                let text = String::from_utf8_lossy(text);
                prop_assert!(*x >= 56.0 && x + width <= PAGE.0 - 56.0, "{x} {width} {text}");
                prop_assert!((20.0..PAGE.1 - 50.0).contains(y), "{y} {text}");
                for (beside, below, wide, other) in &page[n + 1..] {
                    let apart = x + width <= beside + 0.1 || beside + wide <= x + 0.1 || (y - below).abs() > 7.9;
                    prop_assert!(apart, "{text} over {}", String::from_utf8_lossy(other));
                }
            }
        }
    }
}
