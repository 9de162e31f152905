mod trash;

use loop_proto::ClipId;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

async fn open(data: &Path) -> Store {
    Store::open(data, Disk::new(data, 0)).await.unwrap()
}

/// An item as the ingest would stage it; `content` stands for its original and its clip.
pub(crate) fn staged(store: &Store, name: &str, content: u8) -> Staged {
    let folder = TempDir::new_in(store.incoming()).unwrap();
    let clip = ClipId::from_sha256(&[content; 32]);
    let mut item = Item::new(
        Slug::nearest(name),
        format!("{name}.gif"),
        "image/gif".to_owned(),
        Kind::Image,
        clip,
    );
    item.original_sha256 = Some(format!("{content}"));
    let inside = folder.path().join(staging::STAGED_ITEM);
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join(staging::CLIP), [content]).unwrap();
    Staged { folder, item }
}

fn order(store: &Store) -> Vec<String> {
    store
        .library()
        .order()
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Gives how many items there were of this name.
async fn delete(store: &Store, name: &str) -> usize {
    let deleted = store.delete(slugs(&[name])).await.unwrap();
    deleted.deleted.len()
}

fn slugs(names: &[&str]) -> Vec<Slug> {
    names.iter().map(|name| Slug::nearest(name)).collect()
}

#[tokio::test]
async fn what_is_added_reordered_and_removed_is_there_after_a_restart() {
    let data = TempDir::new().unwrap();
    let store = open(data.path()).await;
    for name in ["a", "b", "c"] {
        assert!(matches!(
            store
                .add(staged(&store, name, name.as_bytes()[0]))
                .await
                .unwrap(),
            Added::New(_)
        ));
    }
    store
        .set_order(slugs(&["c", "nobody", "a", "c", "b"]))
        .await
        .unwrap();
    assert_eq!(order(&store), ["c", "a", "b"]);
    store.remove_from_order(Slug::nearest("a")).await.unwrap();
    assert_eq!(delete(&store, "b").await, 1);
    store.add_to_order(Slug::nearest("a")).await.unwrap();
    assert_eq!(order(&store), ["c", "a"]);
    let again = open(data.path()).await;
    assert_eq!(*again.library(), *store.library());
    assert_eq!(std::fs::read_dir(store.incoming()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_same_content_is_one_item_and_other_content_replaces() {
    let data = TempDir::new().unwrap();
    let store = open(data.path()).await;
    store.add(staged(&store, "a", 1)).await.unwrap();
    store.add(staged(&store, "z", 9)).await.unwrap();
    assert!(matches!(
        store.add(staged(&store, "a", 1)).await.unwrap(),
        Added::Same(_)
    ));
    let twin = store.add(staged(&store, "b", 1)).await.unwrap();
    assert_eq!(twin.item().slug.as_str(), "a");
    assert!(matches!(
        store.add(staged(&store, "a", 2)).await.unwrap(),
        Added::Replaced(_)
    ));
    assert_eq!(
        std::fs::read(data.path().join("media/a/clip")).unwrap(),
        [2]
    );
    assert_eq!(order(&store), ["a", "z"]);
}

#[tokio::test]
async fn what_no_longer_loops_loops_again_when_it_is_added_again() {
    let data = TempDir::new().unwrap();
    let store = open(data.path()).await;
    for (name, content) in [("a", 1), ("b", 2)] {
        store.add(staged(&store, name, content)).await.unwrap();
    }
    let changes = store.watch();
    for (content, added) in [(1, "same"), (3, "replaced")] {
        store.remove_from_order(Slug::nearest("a")).await.unwrap();
        assert_eq!(order(&store), ["b"]);
        store.add(staged(&store, "a", content)).await.unwrap();
        assert_eq!(order(&store), ["b", "a"], "{added}");
        assert_eq!(order(&open(data.path()).await), ["b", "a"], "{added}");
    }
    assert!(changes.has_changed().unwrap());
}

#[tokio::test]
async fn what_was_deleted_can_be_added_again() {
    let data = TempDir::new().unwrap();
    let store = open(data.path()).await;
    for _ in 0..3 {
        assert!(matches!(
            store.add(staged(&store, "a", 1)).await.unwrap(),
            Added::New(_)
        ));
        assert_eq!(delete(&store, "a").await, 1);
        assert_eq!(delete(&store, "a").await, 0);
    }
    assert!(store.library().is_empty());
}

#[tokio::test]
async fn damaged_items_are_left_out_and_never_stop_the_start() {
    let data = TempDir::new().unwrap();
    let store = open(data.path()).await;
    store.add(staged(&store, "good", 1)).await.unwrap();
    let media = data.path().join("media");
    for (name, meta) in [("empty", ""), ("cut", "{\"version\":1,"), ("other", "{}")] {
        std::fs::create_dir(media.join(name)).unwrap();
        std::fs::write(media.join(name).join("meta.json"), meta).unwrap();
    }
    std::fs::create_dir(media.join("bare")).unwrap();
    std::fs::write(media.join("file"), "x").unwrap();
    std::fs::write(data.path().join("loop.json"), "{").unwrap();
    let store = open(data.path()).await;
    assert_eq!(store.library().len(), 1);
    store.add(staged(&store, "cut", 3)).await.unwrap();
    assert_eq!(store.clean_up().await.unwrap().files, 4);
    assert_eq!(open(data.path()).await.library().len(), 2);
}

#[tokio::test]
async fn a_half_done_upload_is_swept_at_the_start() {
    let data = TempDir::new().unwrap();
    let store = open(data.path()).await;
    let half_done = staged(&store, "a", 1).folder.keep();
    open(data.path()).await;
    assert!(!half_done.exists());
}

#[tokio::test]
async fn an_unchanged_order_is_not_written_again() {
    let data = TempDir::new().unwrap();
    let store = open(data.path()).await;
    store.add(staged(&store, "a", 1)).await.unwrap();
    std::fs::remove_file(data.path().join("loop.json")).unwrap();
    store.set_order(slugs(&["a"])).await.unwrap();
    store.add_to_order(Slug::nearest("a")).await.unwrap();
    assert!(!data.path().join("loop.json").exists());
}

#[test]
fn a_folder_that_is_made_is_durable_in_the_one_that_holds_it() {
    let root = TempDir::new().unwrap();
    let media = root.path().join("data/media");
    // The second time both are there, perhaps from a start that was cut off in between.
    for expected in [&["", "data"][..], &["data"]] {
        let mut synced = Vec::new();
        let mut sync = |folder: &Path| {
            let name = folder.strip_prefix(root.path()).unwrap();
            synced.push(name.to_str().unwrap().to_owned());
            Ok(())
        };
        atomic_file::make_folder(&media, &mut sync).unwrap();
        assert_eq!(synced, expected);
    }
    std::fs::write(root.path().join("file"), "x").unwrap();
    for wrong in ["file", "file/media"] {
        atomic_file::make_folder(&root.path().join(wrong), &mut |_| Ok(())).unwrap_err();
    }
}

#[derive(Clone, Debug)]
enum Operation {
    Add(u8, u8),
    Delete(u8),
    Order(Vec<u8>),
    Reopen,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        (0u8..4, 0u8..3).prop_map(|(name, content)| Operation::Add(name, content * 4 + name)),
        (0u8..4).prop_map(Operation::Delete),
        prop::collection::vec(0u8..5, 0..6).prop_map(Operation::Order),
        Just(Operation::Reopen),
    ];
    prop::collection::vec(operation, 1..12)
}

fn named(number: u8) -> Slug {
    Slug::nearest(&format!("item{number}"))
}

/// The simplest library that could be right: contents by name, and an order.
#[derive(Default)]
struct Model {
    items: std::collections::BTreeMap<Slug, u8>,
    order: Vec<Slug>,
}

impl Model {
    fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Add(name, content) => {
                self.items.insert(named(*name), *content);
                if !self.order.contains(&named(*name)) {
                    self.order.push(named(*name));
                }
            }
            Operation::Delete(name) => {
                self.items.remove(&named(*name));
                self.order.retain(|slug| *slug != named(*name));
            }
            Operation::Order(names) => {
                self.order.clear();
                for slug in names.iter().map(|name| named(*name)) {
                    if self.items.contains_key(&slug) && !self.order.contains(&slug) {
                        self.order.push(slug);
                    }
                }
            }
            Operation::Reopen => {}
        }
    }
}

async fn carry_out(store: Store, data: &Path, operation: Operation) -> Store {
    match operation {
        Operation::Add(name, content) => {
            store
                .add(staged(&store, named(name).as_str(), content))
                .await
                .unwrap();
        }
        Operation::Delete(name) => drop(store.delete(vec![named(name)]).await.unwrap()),
        Operation::Order(names) => {
            store
                .set_order(names.into_iter().map(named).collect())
                .await
                .unwrap();
        }
        Operation::Reopen => return open(data).await,
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_store_is_the_model_also_when_it_is_opened_again(operations in operations()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let data = TempDir::new().unwrap();
            let (mut store, mut model) = (open(data.path()).await, Model::default());
            for operation in operations {
                model.apply(&operation);
                store = carry_out(store, data.path(), operation).await;
                let library = store.library();
                assert_eq!(library.order(), model.order);
                assert_eq!(library.len(), model.items.len());
                for (slug, content) in &model.items {
                    let clip = data.path().join("media").join(slug.as_str()).join(staging::CLIP);
                    assert_eq!(std::fs::read(clip).unwrap(), [*content]);
                }
            }
        });
    }
}

#[tokio::test]
async fn what_comes_in_an_archive_and_is_there_by_then_loops_if_it_is_to() {
    let data = TempDir::new().unwrap();
    let store = open(data.path()).await;
    store.add(staged(&store, "a", 1)).await.unwrap();
    store.remove_from_order(Slug::nearest("a")).await.unwrap();
    for (loops, wanted) in [(Loops::No, vec![]), (Loops::Yes, vec!["a"])] {
        let again = store
            .add_beside(staged(&store, "a", 1), loops, Source::default())
            .await;
        assert!(matches!(again, Ok(Added::Same(_))));
        assert_eq!(order(&store), wanted);
    }
}
