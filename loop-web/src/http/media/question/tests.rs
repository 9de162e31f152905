use axum::extract::Query;
use axum::http::Uri;
use loop_proto::{ClipId, Slug};

use super::*;
use crate::store::Kind;

fn item(name: &str, bytes: u64, frames: u32, tags: &[&str]) -> Item {
    let clip = ClipId::from_sha256(&[1; 32]);
    let file = format!("{name}.GIF");
    let mut item = Item::new(
        Slug::nearest(name),
        file,
        "image/gif".to_owned(),
        Kind::Image,
        clip,
    );
    item.bytes = bytes;
    item.frame_count = frames;
    item.duration_us = bytes * 10;
    item.label.tags = tags.iter().map(ToString::to_string).collect();
    item.uploaded_at = format!("2026-11-0{frames}");
    item
}

fn library() -> Library {
    let mut cat = item("cat", 30, 1, &["pets", "home"]);
    cat.label.title = Some("Ängstliche Katze".to_owned());
    let items = [cat, item("dog", 10, 2, &["pets"]), item("sun", 20, 3, &[])];
    Library::of(items, vec![Slug::nearest("dog"), Slug::nearest("sun")])
}

fn ask(query: &str) -> Result<(String, usize), String> {
    let uri: Uri = format!("/api/media?{query}").parse().unwrap();
    let question = Query::<Question>::try_from_uri(&uri).map_err(|error| error.body_text())?;
    let page = question.0.ask(&library());
    let names: Vec<_> = page.items.iter().map(|item| item.slug.as_str()).collect();
    Ok((names.join(" "), page.total))
}

#[test]
fn items_are_found_by_title_file_and_tag_and_come_in_the_order_asked_for() {
    for (query, found, total) in [
        ("sort=added", "cat dog sun", 3),
        ("q=KATZE", "cat", 1),
        ("q=%C3%A4ngst", "cat", 1),
        ("q=.gif&order=desc", "sun dog cat", 3),
        ("q=home", "cat", 1),
        ("q=%20", "cat dog sun", 3),
        ("tag=pets", "cat dog", 2),
        ("tag=pet", "", 0),
        ("in_loop=true", "dog sun", 2),
        ("in_loop=false", "cat", 1),
        ("sort=title", "dog sun cat", 3),
        ("sort=size", "dog sun cat", 3),
        ("sort=duration&order=desc", "sun dog cat", 3),
        ("offset=1&limit=1", "dog", 3),
        ("offset=3", "", 3),
    ] {
        assert_eq!(ask(query).unwrap(), (found.to_owned(), total), "{query}");
    }
}

#[test]
fn a_question_that_is_wrong_is_refused_with_what_is_wrong() {
    for (query, says) in [
        ("limit=0", "1..=200"),
        ("limit=201", "1..=200"),
        ("offset=-1", "offset"),
        ("sort=name", "sort"),
        ("order=up", "order"),
        ("in_loop=maybe", "in_loop"),
        ("page=2", "page"),
    ] {
        let refused = ask(query).unwrap_err();
        assert!(refused.contains(says), "{query}: {refused}");
    }
}

#[test]
fn tags_are_counted_over_the_whole_library() {
    let uri: Uri = "/api/media?q=nothing".parse().unwrap();
    let page = Query::<Question>::try_from_uri(&uri)
        .unwrap()
        .0
        .ask(&library());
    let tags: Vec<_> = page
        .tags
        .iter()
        .map(|tag| (tag.tag.as_str(), tag.count))
        .collect();
    assert_eq!(tags, [("home", 1), ("pets", 2)]);
}
