//! Words that do not belong in a text for readers in Taiwan.

/// Mainland terms and the words used here instead (glossary, "UI uses Taiwan usage").
const MAINLAND: &[(&str, &str)] = &[
    ("信息", "資訊"),
    ("網絡", "網路"),
    ("軟件", "軟體"),
    ("硬件", "硬體"),
    ("服務器", "伺服器"),
    ("文件夾", "資料夾"),
    ("用戶", "使用者"),
    ("數據庫", "資料庫"),
    ("數據", "資料"),
    ("默認", "預設"),
    ("登錄", "登入"),
    ("接口", "介面"),
    ("端口", "連接埠"),
    ("程序", "程式"),
    ("漏洞", "弱點"),
    ("證書", "憑證"),
    ("域名", "網域名稱"),
    ("緩存", "快取"),
    ("鏈接", "連結"),
    ("質量", "品質"),
    ("視頻", "影片"),
    ("屏幕", "螢幕"),
    ("打印", "列印"),
    ("響應時間", "回應時間"),
    ("線程", "執行緒"),
    ("資安事故", "資通安全事件"),
];

/// Good words of Taiwan that hold one of the above by chance.
const GOOD: &[&str] = &["行政程序", "網域名稱", "用戶端", "用戶數"];

/// Common characters that exist only in Simplified Chinese.
const SIMPLIFIED: &str = "国网络门关这对时间动长书应发现东风会见说话语读写请谢义习乡买卖产业丽举乌乐乔乙亚从众优传伤价伦伟侧侦俩债倾偿儿党兰兴养冲决况冻净减凤凯击创别剧劝办务劳势勋区医华协单卢卫却厂厅历厉压厌县参双变号叶听启员响哑喷团园围图圆圣场坏块坚坛坝坟坠垄垒垦垫处备复够头夹夺奋奖妇妈姗娱学孙宁宝实宠审宪宫宽宾寝导寻寿将尔尘尝尧层属屡岁岂岗岛岭峡币师帐带帮库庄庆庐废开异弃张弥弯弹强归当录彻径忆忧怀态总恋恶恼悦悬惊惧惨惩惯愤愿战戏户扑执扩扫扬扰抚抛抢护报拟拢拣拥择挂挡挣挤挥捞损换据掷搁搂搅携摄摆摇撑撵敌数断无旧显晓晕暂术机杀杂权条来杨极构枪柜标栈栋栏树样档桥桨桩梦检楼横欢欧残毁毕气汇汉沟没沪泪泻泽洁洒浅浆浇测济浏浑浓涂涛润涨渊渐渔湾湿溃满滚滞滤滥滨潜灭灯灵灾炉点炼烁烂烟烦烧热爱牵犹狈狭狮独狱猎猫献玛环琼电画畅疗疮疯痒瘫盏盐监盖盘睁瞒矫矿码砖础确碍礼祸离秃种积称稳穷窃窍窝竞笔笼筑筛签简粮紧纠红纤约级纪纯纲纳纵纷纸纹纺线练组细织终绍经绑结绕绘给络绝统继绩绪续维绵综绿缓编缘缝缩缴罗罚罢职联聪肃肠肤肾肿胀胁胆胜脉脏脑脚脱脸腾舰舱艺节芦苏苹范茧荐荡荣药莱莲获营萧萨蓝虏虑虚虫虽蚀补衬袄袜装裤览觉规视触誉计订认讨让训议讯记讲许论设访诀证评识诉诊词译试诗诚话诞询该详误课谁调谅谈谋谎谐谓谜谨谱贝贞负贡财责贤败账货质贩贪贫购贯贱贴贵贷贸费贺资赋赌赏赐赔赖赚赛赞赠赶趋跃践踪轨轩转轮软轰轻载较辅辆辈辉输辖辞边辽达迁过迈运还进远违连迟迹适选逊递逻遗邓邮邻郑酝酱释针钉钓钙钟钢钥钦钩钱钻铁铃铅铜铝铭银铺链销锁锅锋错锡锣键锻镇镜闪闭问闯闲闷闹闻阀阅阔队阳阴阵阶际陆陈险隐隶难雾静顶项顺须顽顾顿预领颇频颗题额颜飘飞饥饭饮饰饱饶馆馈驰驱驳驶驻驼驾验骂骄骑骗骚鱼鲁鲜鸟鸡鸣鸭麦黄齐龙龟";

/// What is wrong with a Chinese text, one entry a word: mainland terms, Simplified-only characters,
/// half-width punctuation between Chinese characters.
pub fn wrong_usage(zh_tw: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let cleaned = GOOD.iter().fold(zh_tw.to_owned(), |text, good| text.replace(good, "　"));
    for (bad, good) in MAINLAND {
        if cleaned.contains(bad) {
            wrong.push(format!("「{bad}」→「{good}」"));
        }
    }
    for c in zh_tw.chars().filter(|c| is_simplified_only(*c)) {
        wrong.push(format!("簡體字「{c}」"));
    }
    let chars: Vec<char> = zh_tw.chars().collect();
    for window in chars.windows(2) {
        if is_han(window[0]) && matches!(window[1], ',' | ';' | '?' | '!') {
            wrong.push(format!("半形標點「{}{}」", window[0], window[1]));
        }
    }
    wrong
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// The list above was made from pairs; a few of its characters are also good Traditional Chinese.
fn is_simplified_only(c: char) -> bool {
    const ALSO_TRADITIONAL: &str = "乙叶却范没冲";
    SIMPLIFIED.contains(c) && !ALSO_TRADITIONAL.contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mainland_words_and_simplified_characters_are_named() {
        assert_eq!(wrong_usage("資料庫連線正常"), Vec::<String>::new());
        assert_eq!(wrong_usage("數據庫"), ["「數據庫」→「資料庫」", "「數據」→「資料」"]);
        assert_eq!(wrong_usage("網域名稱、行政程序法、用戶端"), Vec::<String>::new());
        assert_eq!(wrong_usage("网路"), ["簡體字「网」"]);
        assert_eq!(wrong_usage("好,壞"), ["半形標點「好,」"]);
    }
}
