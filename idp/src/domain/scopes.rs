//! The scopes that the provider knows, and what each lets a portal read.

/// A scope and how the consent page explains it.
pub struct Scope {
    pub name: &'static str,
    pub title: &'static str,
    pub detail: &'static str,
    pub sensitive: bool,
}

const fn scope(name: &'static str, title: &'static str, detail: &'static str) -> Scope {
    Scope { name, title, detail, sensitive: false }
}

pub const ALL: [Scope; 12] = [
    scope("openid", "确认您的登录身份", "使用本平台的账号标识识别您"),
    scope(
        "profile",
        "读取姓名或单位名称",
        "包括账号类型、隐藏显示的证件号码，以及账号中的昵称、头像、性别和生日等资料",
    ),
    scope("phone", "读取手机号码", "包括该号码是否已验证"),
    scope("email", "读取电子邮箱", "包括该邮箱是否已验证"),
    scope("address", "读取通信地址", "账号中登记的通信地址"),
    scope("legal_entity", "读取所代表单位的信息", "单位名称、统一社会信用代码和类型"),
    scope("legal_representative", "读取法定代表人姓名", "所代表单位登记的法定代表人"),
    scope("operator", "读取经办人信息", "所属部门、管理权限和有效时间"),
    scope("authority", "读取代表单位办事的权限", "经核验的单位、角色和有效期"),
    Scope {
        name: "id_document",
        title: "读取完整证件号码",
        detail: "证件类型和未隐藏的证件号码，属于敏感个人信息",
        sensitive: true,
    },
    scope("qr_sign_in", "用本应用扫码登录", "在其他设备上确认以您的身份登录"),
    scope("offline_access", "在您离开后继续访问", "直到您撤销授权或授权到期"),
];

pub fn find(name: &str) -> Option<&'static Scope> {
    ALL.iter().find(|scope| scope.name == name)
}

pub fn contains(scopes: &str, name: &str) -> bool {
    scopes.split(' ').any(|scope| scope == name)
}
