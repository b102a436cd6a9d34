//! How widely an object may be passed on: TLP 2.0 and the official classification.

use serde::{Deserialize, Serialize};

use crate::Text;
use crate::words::{ParseWordError, words};

words! {
    /// TLP 燈號, Traffic Light Protocol 2.0 of FIRST; the order is the order of narrowness.
    Tlp {
        /// No limit.
        Clear = "clear", "TLP:CLEAR", "TLP:CLEAR";
        /// The community.
        Green = "green", "TLP:GREEN", "TLP:GREEN";
        /// The organisation and its clients, as far as they need to know.
        Amber = "amber", "TLP:AMBER", "TLP:AMBER";
        /// The organisation only.
        AmberStrict = "amber+strict", "TLP:AMBER+STRICT", "TLP:AMBER+STRICT";
        /// Named recipients only.
        Red = "red", "TLP:RED", "TLP:RED";
    }
}

words! {
    /// 機密等級; what is above 機密 is refused at upload.
    Classification {
        /// 普通.
        Normal = "normal", "普通", "Normal";
        /// 密: every reading is recorded and shown to the owner.
        Restricted = "restricted", "密", "Restricted";
        /// 機密.
        Confidential = "confidential", "機密", "Confidential";
    }
}
