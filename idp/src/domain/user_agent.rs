//! A browser and its system in words, from what it says of itself: good enough to recognise one's own, not to be
//! relied on.

const BROWSERS: [(&str, &str); 7] = [
    ("MicroMessenger/", "微信"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("HarmonyOS", "鸿蒙"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// `Chrome（Windows）`
pub fn words(user_agent: &str) -> String {
    match (known(&BROWSERS, user_agent), system(user_agent)) {
        (Some((_, name)), Some(system)) => format!("{name}（{system}）"),
        (Some((_, one)), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "未知浏览器".to_owned(),
    }
}

/// `Chrome 131`
pub fn browser(user_agent: &str) -> Option<String> {
    let (mark, name) = known(&BROWSERS, user_agent)?;
    // Safari's own number is that of its engine.
    let mark = if mark == "Safari/" { "Version/" } else { mark };
    let after = user_agent.split_once(mark).map_or("", |(_, after)| after);
    let version: String = after.chars().take_while(char::is_ascii_digit).take(4).collect();
    Some(if version.is_empty() { name.to_owned() } else { format!("{name} {version}") })
}

/// `Windows`
pub fn system(user_agent: &str) -> Option<&'static str> {
    known(&SYSTEMS, user_agent).map(|(_, name)| name)
}

fn known(names: &[(&'static str, &'static str)], user_agent: &str) -> Option<(&'static str, &'static str)> {
    names.iter().find(|(mark, _)| user_agent.contains(mark)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_say() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
        assert_eq!(browser(chrome).as_deref(), Some("Chrome 131"));
        assert_eq!(system(chrome), Some("Windows"));
        assert_eq!(words(chrome), "Chrome（Windows）");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1";
        assert_eq!((browser(safari).as_deref(), system(safari)), (Some("Safari 17"), Some("iPhone")));
        assert_eq!((browser("curl/8"), system("curl/8")), (None, None));
        assert_eq!(words(""), "未知浏览器");
        assert_eq!(browser("Chrome/").as_deref(), Some("Chrome"));
    }
}
