//! Charts: the examples of the component are drawn from `charts.json`, and bad data are refused.

use bulwark_model::Lang;
use bulwark_ui::chart::{Chart, Data, Line, Series};
use bulwark_ui::{Engine, assets, registry, schema};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The data of the component's examples, and the parameters drawn from them.
fn drawn() -> Value {
    let source = assets::text("components/chart/charts.json").expect("there");
    let list: Vec<Value> = serde_json::from_str(source).expect("JSON");
    list.into_iter()
        .map(|entry| {
            let chart = Chart::from_json(entry["chart"].clone()).expect("a chart");
            json!({ "name": entry["name"], "title": entry["title"], "params": chart.params().expect("drawn") })
        })
        .collect()
}

#[test]
fn examples_are_what_the_engine_draws() {
    let path = bulwark_testkit::workspace_root().join("design/components/chart/examples.json");
    let wanted = format!("{}\n", serde_json::to_string(&drawn()).expect("JSON"));
    #[expect(clippy::disallowed_methods, reason = "the documented switch that writes golden files")]
    if std::env::var_os("BULWARK_UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "run with BULWARK_UPDATE=1 and look at the charts");
}

#[test]
fn data_that_contradict_themselves_are_refused_with_the_place() {
    let refuse = |data: Value| {
        let mut chart = json!({ "id": "c", "title": "t", "description": "d" });
        for (key, value) in data.as_object().expect("an object") {
            chart[key] = value.clone();
        }
        match Chart::from_json(chart).and_then(|c| c.params()) {
            Ok(_) => panic!("drawn: {data}"),
            Err(e) => (e.code.clone(), e.what.zh_tw + &e.what.en),
        }
    };
    let bars = |rows: Value| json!({ "kind": "bars", "axis": "a", "measure": "m", "rows": rows });
    let line = |labels: Value, values: Value| json!({ "kind": "line", "axis": "a", "labels": labels, "series": [{ "name": "登入", "values": values }] });
    let cases = [
        (bars(json!([])), "沒有資料"),
        (bars(json!([{ "label": "共用模組", "value": -1.0 }])), "共用模組"),
        (bars(json!([{ "label": "x", "val": 1 }])), "val"),
        (line(json!(["1", "2"]), json!([1])), "登入"),
        (json!({ "kind": "pie" }), "pie"),
        (
            json!({ "kind": "topology", "columns": ["a", "b", "c"], "nodes": [{ "id": "a", "label": "a", "column": 0 }],
                    "edges": [{ "from": "a", "to": "gone" }] }),
            "gone",
        ),
    ];
    for (data, told) in cases {
        let (code, what) = refuse(data);
        assert_eq!(code, "BW-DS-030");
        assert!(what.contains(told), "{what}");
    }
}

fn chart(values: Vec<Option<f64>>) -> Chart {
    let labels = (0..values.len()).map(|i| i.to_string()).collect();
    let series = vec![Series { name: "s".into(), values }];
    let data =
        Line { axis: "t".into(), labels, unit: "%".into(), series, band: None, limit: None, events: vec![] };
    Chart {
        id: "c".into(),
        title: "t".into(),
        description: "d".into(),
        lang: Lang::ZhTw,
        as_of: None,
        note: None,
        data: Data::Line(data),
    }
}

#[test]
fn a_gap_is_hatched_and_never_crossed_by_the_line() {
    let params = chart(vec![Some(1.0), Some(2.0), None, None, Some(3.0)]).params().expect("drawn");
    let marks = params["drawings"][0]["marks"].as_array().expect("marks");
    let path =
        |role: &str| marks.iter().find(|m| m["role"] == role).map(|m| m["d"].as_str().unwrap_or_default());
    assert!(path("hatch").is_some());
    assert_eq!(path("line-1").expect("a line").matches('M').count(), 2, "two pieces");
    assert_eq!(params["table"]["rows"][2][1]["text"], "無資料");
}

proptest! {
    /// Any values give a drawing that the component takes and that stays inside its frame.
    #[test]
    fn any_values_give_a_sound_drawing(values in prop::collection::vec(prop::option::of(-1e12_f64..1e12), 1..200)) {
        let params = chart(values).params().expect("drawn");
        let component = registry().get("chart").expect("there");
        prop_assert!(schema::check(component, &params).is_empty());
        prop_assert!(Engine::shared().component(component, &params).is_ok());
        for drawing in params["drawings"].as_array().expect("two") {
            let (width, height) = (drawing["width"].as_i64().expect("a number"), drawing["height"].as_i64().expect("a number"));
            for mark in drawing["marks"].as_array().expect("marks").iter().filter(|m| m["kind"] != "path") {
                let (x, y) = (mark["x"].as_i64().expect("x"), mark["y"].as_i64().expect("y"));
                prop_assert!((0..=width).contains(&x) && (0..=height).contains(&y), "{mark} outside {width} × {height}");
            }
        }
    }

    /// Whatever JSON comes in, it is drawn or refused.
    #[test]
    fn any_json_is_drawn_or_refused(text in "\\PC{0,40}", number in any::<f64>(), column in any::<u8>()) {
        let chart = json!({ "id": "c", "title": text, "description": text, "kind": "topology", "columns": [text, "b", "c"],
            "nodes": [{ "id": text, "label": text, "column": column }], "edges": [{ "from": text, "to": text }] });
        let _ = Chart::from_json(chart).and_then(|c| c.params());
        let bars = json!({ "id": "c", "title": text, "description": text, "kind": "bars", "axis": "a", "measure": "m",
            "rows": [{ "label": text, "value": number, "target": number }] });
        let _ = Chart::from_json(bars).and_then(|c| c.params());
    }
}
