//! What is deleted and brought back, and what is said about items.

use std::time::Duration;

use loop_proto::units::Repeats;

use super::*;

async fn with_items(data: &Path, names: &[&str]) -> Store {
    let store = open(data).await;
    for name in names {
        let item = staged(&store, name, name.as_bytes()[0]);
        store.add(item).await.unwrap();
    }
    store
}

#[tokio::test]
async fn what_is_brought_back_has_its_place_its_files_and_its_label() {
    let data = TempDir::new().unwrap();
    let store = with_items(data.path(), &["a", "b", "c", "d"]).await;
    store.remove_from_order(Slug::nearest("d")).await.unwrap();
    store
        .edit(Slug::nearest("b"), |label| {
            label.title = Some("Bee".to_owned())
        })
        .await
        .unwrap();
    let before = store.library();
    let deleted = store.delete(slugs(&["b", "nobody", "a", "d"])).await;
    let deleted = deleted.unwrap();
    assert_eq!(deleted.deleted, slugs(&["b", "a", "d"]));
    assert_eq!(deleted.unknown, slugs(&["nobody"]));
    assert_eq!(order(&open(data.path()).await), ["c"], "deleted for good");

    let store = with_items(data.path(), &["a", "b", "d"]).await;
    store.set_order(slugs(&["a", "b", "c"])).await.unwrap();
    store
        .edit(Slug::nearest("b"), |label| {
            label.title = Some("Bee".to_owned())
        })
        .await
        .unwrap();
    store.delete(slugs(&["b", "a", "d"])).await.unwrap();
    assert!(store.usage().unwrap().trash > 0);
    let restored = store.restore(slugs(&["d", "a", "x", "b"])).await.unwrap();
    assert_eq!(restored.restored, slugs(&["d", "a", "b"]));
    assert_eq!(restored.gone, slugs(&["x"]));
    assert_eq!(order(&store), ["a", "b", "c"]);
    assert_eq!(store.library().len(), before.len());
    let again = open(data.path()).await;
    assert_eq!(*again.library(), *store.library());
    assert_eq!(
        again.library().item(&Slug::nearest("b")).unwrap().title(),
        "Bee"
    );
}

#[tokio::test]
async fn what_has_a_successor_or_was_removed_is_gone() {
    let data = TempDir::new().unwrap();
    let store = with_items(data.path(), &["a", "b"]).await;
    store.delete(slugs(&["a", "b"])).await.unwrap();
    store.add(staged(&store, "a", 7)).await.unwrap();
    assert_eq!(
        store.restore(slugs(&["a"])).await.unwrap().gone,
        slugs(&["a"])
    );
    let swept = store.clean_up().await.unwrap();
    assert!((swept.trash, swept.bytes > 0) == (2, true), "{swept:?}");
    assert_eq!(
        store.restore(slugs(&["b"])).await.unwrap().gone,
        slugs(&["b"])
    );
    assert_eq!(
        std::fs::read(data.path().join("media/a/clip")).unwrap(),
        [7]
    );
}

#[tokio::test(start_paused = true)]
async fn the_trash_is_emptied_in_time_and_not_before() {
    let data = TempDir::new().unwrap();
    let store = with_items(data.path(), &["a", "b"]).await;
    let emptying = tokio::spawn(empty_in_time(store.clone(), Duration::from_secs(60)));
    store.delete(slugs(&["a"])).await.unwrap();
    let thrown = data.path().join("trash/a");
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(thrown.exists());
    store.delete(slugs(&["b"])).await.unwrap();
    while thrown.exists() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(
        store.restore(slugs(&["a", "b"])).await.unwrap().restored,
        slugs(&["b"])
    );
    emptying.abort();
}

#[tokio::test]
async fn room_that_is_needed_is_taken_from_the_trash() {
    let data = TempDir::new().unwrap();
    let store = with_items(data.path(), &["a"]).await;
    store.delete(slugs(&["a"])).await.unwrap();
    store.reserve(1).await.unwrap();
    assert!(data.path().join("trash/a").exists());
    store.reserve(u64::MAX).await.unwrap_err();
    assert!(!data.path().join("trash/a").exists());
    assert_eq!(store.usage().unwrap().trash, 0);
}

#[tokio::test]
async fn what_is_said_of_an_item_stays_and_its_content_too() {
    let data = TempDir::new().unwrap();
    let store = with_items(data.path(), &["a"]).await;
    let item = store
        .edit(Slug::nearest("a"), |label| {
            label.tags = vec!["pets".to_owned()];
            label.repeat = Repeats::try_from(3).ok();
        })
        .await
        .unwrap();
    let replaced = store.add(staged(&store, "z", b'a')).await.unwrap();
    assert_eq!(replaced.item().slug.as_str(), "a", "the same content");
    let again = open(data.path()).await;
    assert_eq!(again.library().item(&item.slug).unwrap(), item);
    let files = std::fs::read_dir(data.path().join("media/a")).unwrap();
    assert_eq!(files.count(), 2, "nothing is left of the change");
    assert!(matches!(
        store.edit(Slug::nearest("x"), |_| ()).await,
        Err(Error::NotFound(_))
    ));
}

#[tokio::test]
async fn another_clip_of_the_same_original_keeps_name_and_label() {
    let data = TempDir::new().unwrap();
    let store = with_items(data.path(), &["a", "b"]).await;
    store
        .edit(Slug::nearest("a"), |label| {
            label.title = Some("Ah".to_owned())
        })
        .await
        .unwrap();
    let mut fresh = staged(&store, "other", b'a');
    fresh.item.clip = ClipId::from_sha256(&[99; 32]);
    let added = store.add(fresh).await.unwrap();
    assert!(matches!(&added, Added::Replaced(item) if item.title() == "Ah"));
    assert_eq!(
        (store.library().len(), order(&store)),
        (2, vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(open(data.path()).await.library(), store.library());
}
