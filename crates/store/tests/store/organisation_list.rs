//! Lists of organisations as a whole.

use bulwark_model::rights::Scope;
use bulwark_store::{AuditFilter, OrganisationFacts, OrganisationStep, Store, StoreError, Uuid};

use crate::support::*;

fn add(code: &str, parent: Option<&str>) -> OrganisationStep {
    OrganisationStep::Add {
        code: code.into(),
        name: format!("機關{code}"),
        parent: parent.map(str::to_owned),
        facts: OrganisationFacts { oid: Some(format!("2.16.{code}")), ..OrganisationFacts::default() },
    }
}

fn renamed(code: &str, from: Option<&str>, to: &str) -> OrganisationStep {
    OrganisationStep::Rename { code: code.into(), from: from.map(str::to_owned), to: to.into() }
}

async fn carry_out(store: &Store, from: &str, steps: Vec<OrganisationStep>) -> Result<(), StoreError> {
    let from = day(from);
    store
        .write(&someone(), move |tx| Box::pin(async move { tx.change_organisations(steps, from).await }))
        .await
}

async fn id(store: &Store, code: &str) -> Uuid {
    store.organisation_by_code(code).await.unwrap().expect(code).id
}

/// Entries in the log.
async fn leaves(store: &Store) -> i64 {
    let everything = Scope::Everything { without: vec![] };
    let page = store.audit_page(&everything, &AuditFilter::default(), None, 1).await.unwrap();
    page.rows[0].seq + 1
}

on_both! {
    /// More than go in at once, in a tree as deep as that of government.
    async fn a_list_gives_the_tree_that_single_entries_give(home: Home) {
        let store = home.open().await;
        let root = enter(&store, "root", None).await.id;
        let code = |n: usize| format!("n{n}");
        let parent = |n: usize| if n == 0 { "root".to_owned() } else { code((n - 1) / 3) };
        let before = leaves(&store).await;
        carry_out(&store, "2026-06-01", (0..450).map(|n| add(&code(n), Some(&parent(n)))).collect()).await.unwrap();
        assert_eq!(leaves(&store).await - before, 450, "an entry each");
        let at = day("2026-11-25");
        assert_eq!(store.organisations_under(root, at).await.unwrap().len(), 451);
        assert_eq!(store.organisations_under(root, day("2026-05-31")).await.unwrap(), [root], "from its day on");
        let mut single = enter(&store, "single", Some(id(&store, "n400").await)).await.id;
        let mut n = 400;
        loop {
            let above = store.organisations_above(single, at).await.unwrap();
            single = id(&store, &code(n)).await;
            assert_eq!(above[1..], store.organisations_above(single, at).await.unwrap(), "{n}");
            if n == 0 { break }
            n = (n - 1) / 3;
        }
        assert_eq!(store.search("organisation", "機關n449", 10).await.unwrap(), [id(&store, "n449").await]);
        assert_eq!(store.search("organisation", "2.16.n449", 10).await.unwrap(), [id(&store, "n449").await]);
        let known = store.organisations_known(at).await.unwrap();
        let of = |code: &str| known.iter().find(|(row, _)| row.code == code).unwrap().1.clone();
        assert_eq!([of("n7"), of("root")], [Some("n2".into()), None]);
    }

    async fn what_a_list_cannot_do_leaves_everything_as_it_was(home: Home) {
        let store = home.open().await;
        enter(&store, "root", None).await;
        let before = leaves(&store).await;
        for bad in [
            renamed("nobody", None, "x"),
            add("root", None),
            add("b", Some("nobody")),
            OrganisationStep::Move { code: "a".into(), to: "a".into() },
            OrganisationStep::End { code: "root".into(), successor: "nobody".into() },
        ] {
            let steps = vec![add("a", Some("root")), renamed("a", None, "別名"), bad.clone()];
            assert!(carry_out(&store, "2026-06-01", steps).await.is_err(), "{bad:?}");
            assert!(store.organisation_by_code("a").await.unwrap().is_none(), "{bad:?}");
            assert_eq!(leaves(&store).await, before, "{bad:?}");
        }
    }

    async fn an_organisation_is_found_by_the_names_it_had(home: Home) {
        let store = home.open().await;
        carry_out(&store, "2026-01-01", vec![add("a", None)]).await.unwrap();
        let a = id(&store, "a").await;
        carry_out(&store, "2026-07-01", vec![renamed("a", None, "衛生福利部")]).await.unwrap();
        // A name of long ago, entered later.
        carry_out(&store, "2013-07-23", vec![renamed("a", Some("衛生署"), "衛生福利部")]).await.unwrap();
        carry_out(&store, "2026-07-01", vec![renamed("a", None, "衛福部")]).await.unwrap();
        let names: Vec<_> = store.former_names(a).await.unwrap();
        let names: Vec<_> =
            names.iter().map(|row| (row.name.as_str(), row.valid_from.as_deref(), row.valid_until.as_str())).collect();
        assert_eq!(names, [("機關a", Some("2013-07-23"), "2026-07-01"), ("衛生署", None, "2013-07-23")]);
        for words in ["衛生署", "機關a", "衛福部"] {
            assert_eq!(store.search("organisation", words, 10).await.unwrap(), [a], "{words}");
        }
        assert_eq!(store.organisation_by_code("a").await.unwrap().unwrap().name, "衛福部");
    }

    async fn one_that_ends_hands_what_is_below_it_to_its_successor(home: Home) {
        let store = home.open().await;
        let steps = vec![add("top", None), add("old", Some("top")), add("new", Some("top")), add("c", Some("old")), add("d", Some("c"))];
        carry_out(&store, "2026-01-01", steps).await.unwrap();
        let end = OrganisationStep::End { code: "old".into(), successor: "new".into() };
        carry_out(&store, "2026-07-01", vec![end.clone()]).await.unwrap();
        let (top, old, new, c, d) =
            (id(&store, "top").await, id(&store, "old").await, id(&store, "new").await, id(&store, "c").await, id(&store, "d").await);
        assert_eq!(store.organisations_above(d, day("2026-06-30")).await.unwrap(), [d, c, old, top]);
        assert_eq!(store.organisations_above(d, day("2026-07-01")).await.unwrap(), [d, c, new, top]);
        assert!(!store.organisations_under(top, day("2026-07-01")).await.unwrap().contains(&old));
        let row = store.organisation_by_code("old").await.unwrap().unwrap();
        assert_eq!((row.ended_on.as_deref(), row.successor), (Some("2026-07-01"), Some(new)));
        assert!(carry_out(&store, "2026-08-01", vec![end]).await.is_err(), "it has ended");
        // One that was gone before anything was on record is there for whoever looks for it.
        let former = OrganisationStep::Former { oid: "2.16.9".into(), name: "衛生署".into(), successor: "new".into() };
        carry_out(&store, "2013-07-23", vec![former]).await.unwrap();
        let row = store.organisation_by_code("2.16.9").await.unwrap().unwrap();
        assert_eq!((row.successor, store.search("organisation", "衛生署", 9).await.unwrap()), (Some(new), vec![row.id]));
        assert!(store.organisations_above(row.id, day("2026-07-01")).await.unwrap().is_empty());
    }

    /// A merger that was entered later than it happened changes the tree from the first day on record.
    async fn a_day_before_the_record_began_is_kept_but_changes_no_past(home: Home) {
        let store = home.open().await;
        carry_out(&store, "2026-06-01", vec![add("old", None), add("new", None), add("c", Some("old"))]).await.unwrap();
        let end = OrganisationStep::End { code: "old".into(), successor: "new".into() };
        carry_out(&store, "2016-01-15", vec![end]).await.unwrap();
        let (new, c) = (id(&store, "new").await, id(&store, "c").await);
        assert_eq!(store.organisations_above(c, day("2026-06-01")).await.unwrap(), [c, new]);
        let row = store.organisation_by_code("old").await.unwrap().unwrap();
        assert_eq!(row.ended_on.as_deref(), Some("2016-01-15"));
    }
}
