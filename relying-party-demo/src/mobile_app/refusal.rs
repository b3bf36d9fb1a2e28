//! Why a scan, or its confirmation, came to nothing: each reason with its own text.

/// The refusals of the provider's API, and what may happen on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    Malformed,
    InsufficientScope,
    IdentityNotAllowed,
    OtherAccountWanted,
    SameDevice,
    PasswordFirst,
    SignInAgain,
    Unknown,
    ScannedByAnother,
    AlreadyConfirmed,
    Cancelled,
    Expired,
    WrongNumber,
    NotScanned,
    TooManyAttempts {
        seconds: Option<u64>,
    },
    /// The provider did not answer, or not as agreed.
    Unreachable,
    /// A reason that came after this app; the provider's own words.
    Other {
        message: Option<String>,
    },
}

impl Refusal {
    /// From the member `error`; `seconds` is the header `Retry-After`.
    pub fn parse(error: &str, message: Option<String>, seconds: Option<u64>) -> Self {
        match error {
            "malformed" => Self::Malformed,
            "insufficient_scope" => Self::InsufficientScope,
            "identity_not_allowed" => Self::IdentityNotAllowed,
            "other_account_wanted" => Self::OtherAccountWanted,
            "same_device" => Self::SameDevice,
            "password_first" => Self::PasswordFirst,
            "sign_in_again" => Self::SignInAgain,
            "unknown" => Self::Unknown,
            "scanned_by_another" => Self::ScannedByAnother,
            "already_confirmed" => Self::AlreadyConfirmed,
            "cancelled" => Self::Cancelled,
            "expired" => Self::Expired,
            "wrong_number" => Self::WrongNumber,
            "not_scanned" => Self::NotScanned,
            "too_many_attempts" => Self::TooManyAttempts { seconds },
            _ => Self::Other { message },
        }
    }

    /// Whether the same code may be tried once more.
    pub fn may_be_tried_again(&self) -> bool {
        matches!(self, Self::IdentityNotAllowed | Self::TooManyAttempts { .. } | Self::Unreachable)
    }

    /// Whether signing in to the app anew, with a password or as somebody else, is the way on.
    pub fn wants_sign_in(&self) -> bool {
        matches!(self, Self::OtherAccountWanted | Self::PasswordFirst | Self::SignInAgain)
    }

    pub fn heading(&self) -> &'static str {
        match self {
            Self::Malformed | Self::Unknown => "无法识别的二维码",
            Self::InsufficientScope => "本应用不能扫码登录",
            Self::IdentityNotAllowed => "不能以该身份登录",
            Self::OtherAccountWanted => "账号不一致",
            Self::SameDevice => "请换一台设备扫码",
            Self::PasswordFirst => "请先用密码登录",
            Self::SignInAgain => "请重新登录",
            Self::ScannedByAnother => "二维码已被其他手机扫描",
            Self::AlreadyConfirmed => "二维码已使用",
            Self::Cancelled => "本次登录已取消",
            Self::Expired => "二维码已失效",
            Self::WrongNumber => "数字不一致，登录已取消",
            Self::NotScanned => "请重新扫码",
            Self::TooManyAttempts { .. } => "操作过于频繁",
            Self::Unreachable => "暂时无法连接统一身份认证平台",
            Self::Other { .. } => "登录未完成",
        }
    }

    pub fn explanation(&self) -> String {
        match self {
            Self::Malformed => "二维码内容不完整，请重新扫描登录页面上的二维码。".to_owned(),
            Self::Unknown => "统一身份认证平台没有这个二维码，请刷新登录页面后重新扫描。".to_owned(),
            Self::InsufficientScope => {
                "您的登录没有包含扫码登录的权限。请退出后重新登录办事通；仍不能使用的，请联系技术支持。"
                    .to_owned()
            }
            Self::IdentityNotAllowed => "该身份可能已冻结、失效或不再由您代表，请选择其他身份。".to_owned(),
            Self::OtherAccountWanted => {
                "电脑上已经登录的是另一个账号。请用那个账号登录办事通，再扫描二维码。".to_owned()
            }
            Self::SameDevice => {
                "二维码就显示在登录了办事通的这台设备上。请在另一台设备上打开登录页面。".to_owned()
            }
            Self::PasswordFirst => {
                "办事通是用扫码登录的，不能再确认其他设备。请用密码重新登录，再扫描二维码。".to_owned()
            }
            Self::SignInAgain => "该服务要求重新验证身份。请重新登录办事通，再扫描二维码。".to_owned(),
            Self::ScannedByAnother => {
                "另一部手机或另一个账号先扫描了这个二维码。请在登录页面刷新二维码后重新扫描。".to_owned()
            }
            Self::AlreadyConfirmed => "这个二维码已经用于登录，每个二维码只能使用一次。".to_owned(),
            Self::Cancelled => "登录请求已在手机或登录页面上取消，没有任何设备登录。".to_owned(),
            Self::Expired => "二维码超过了有效时间。请在登录页面点击刷新后重新扫描。".to_owned(),
            Self::WrongNumber => {
                "所选数字与登录页面上显示的不一致，没有任何设备登录。如果登录不是您本人发起的，\
                 可能有人想冒用您的账号，请不要扫描他人发来的二维码。"
                    .to_owned()
            }
            Self::NotScanned => "登录页面还没有收到这次扫码，请重新扫描二维码。".to_owned(),
            Self::TooManyAttempts { seconds: Some(seconds) } => format!("请在 {seconds} 秒后再试。"),
            Self::TooManyAttempts { seconds: None } => "请稍后再试。".to_owned(),
            Self::Unreachable => "网络或服务暂时不可用，请稍后再试。".to_owned(),
            Self::Other { message } => {
                said(message.as_deref(), "统一身份认证平台未能完成本次登录，请重新扫码。")
            }
        }
    }
}

/// The provider's words, else ours.
fn said(message: Option<&str>, otherwise: &str) -> String {
    let message = message.map(str::trim).filter(|message| !message.is_empty());
    message.unwrap_or(otherwise).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Every refusal of the API, as its documentation names them.
    pub const ALL: [&str; 15] = [
        "malformed",
        "insufficient_scope",
        "identity_not_allowed",
        "other_account_wanted",
        "same_device",
        "password_first",
        "sign_in_again",
        "unknown",
        "scanned_by_another",
        "already_confirmed",
        "cancelled",
        "expired",
        "wrong_number",
        "not_scanned",
        "too_many_attempts",
    ];

    #[test]
    fn no_two_refusals_have_one_text() {
        let mut refusals: Vec<_> = ALL.iter().map(|error| Refusal::parse(error, None, Some(7))).collect();
        assert!(!refusals.iter().any(|one| matches!(one, Refusal::Other { .. })));
        refusals.extend([Refusal::Unreachable, Refusal::Other { message: None }]);
        let texts: HashSet<_> = refusals.iter().map(Refusal::explanation).collect();
        assert_eq!(texts.len(), refusals.len());
    }

    #[test]
    fn what_is_new_is_told_in_the_providers_words() {
        let refusal = Refusal::parse("of_the_future", Some("夜间暂停服务".to_owned()), None);
        assert_eq!(refusal.explanation(), "夜间暂停服务");
        let long = Refusal::Other { message: Some("长".repeat(5000)) };
        assert_eq!(long.explanation().chars().count(), 200);
        let blank = Refusal::Other { message: Some(" ".to_owned()) };
        assert!(blank.explanation().contains("请重新扫码"));
    }
}
