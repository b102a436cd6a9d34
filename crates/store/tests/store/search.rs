//! Search in Chinese, on both databases alike.

use bulwark_store::Uuid;

use crate::support::*;

on_both! {
    async fn names_are_found_by_any_part(home: Home) {
        let store = home.open().await;
        let names = ["臺北市政府資訊局", "台中市政府", "數位發展部資通安全署", "通報 CVE-2024-3094漏洞", "韌性推動小組", "弱點管理"];
        let mut ids: Vec<Uuid> = Vec::new();
        for (n, name) in names.into_iter().enumerate() {
            let mut new = agency(&format!("c{n}"), None);
            new.name = name.into();
            let row = store.write(&someone(), |tx| Box::pin(async move { tx.add_organisation(new).await })).await.unwrap();
            ids.push(row.id);
        }
        for (query, expected) in [
            ("署", vec![2]),
            ("韌性", vec![4]),
            ("弱點", vec![5]),
            ("資訊局", vec![0]),
            ("資通安全署", vec![2]),
            ("市政府", vec![1, 0]),
            ("台北", vec![0]),
            ("臺北", vec![0]),
            ("臺中", vec![1]),
            ("CVE-2024-3094漏洞", vec![3]),
            ("ＣＶＥ－２０２４－３０９４", vec![3]),
            ("3094", vec![3]),
            ("市 府", vec![1, 0]),
            ("數位 資通", vec![2]),
            ("c5", vec![5]),
            ("位數", vec![]),
            ("%", vec![]),
            ("", vec![]),
            ("' OR 1=1 --", vec![]),
            ("\" NOT \"", vec![]),
        ] {
            let found = store.search("organisation", query, 50).await.unwrap();
            let expected: Vec<Uuid> = expected.into_iter().map(|n: usize| ids[n]).collect();
            assert_eq!(found, expected, "{query}");
        }
        assert!(store.search("person", "韌性", 50).await.unwrap().is_empty());
        assert_eq!(store.search("organisation", "市政府", 1).await.unwrap(), [ids[1]]);
    }

    async fn a_new_name_takes_the_place_of_the_old(home: Home) {
        let store = home.open().await;
        let mut row = enter(&store, "a", None).await;
        row.name = "國家資通安全研究院".into();
        let row = store.write(&someone(), |tx| Box::pin(async move { tx.change_organisation(row).await })).await.unwrap();
        assert_eq!(store.search("organisation", "研究院", 5).await.unwrap(), [row.id]);
        assert!(store.search("organisation", "機關", 5).await.unwrap().is_empty());
    }
}
