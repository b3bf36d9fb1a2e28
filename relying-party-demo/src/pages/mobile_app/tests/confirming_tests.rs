use super::*;

const RIGHT: [(&str, &str); 2] = [("number", "42"), ("identity", "o")];

#[tokio::test]
async fn what_is_chosen_is_confirmed_once() {
    let phone = Phone::new().await;
    let path = phone.scan().await;
    phone.asked();
    let page = phone.get(&path).await;
    page.says("剩余时间");
    page.says("value=\"p\" required checked");
    let page = phone.post(&path, &RIGHT).await;
    assert_eq!((page.status, page.header("location")), (303, &*path));
    let body = json!({ "code": SECRET, "number": 42, "identity": "o" }).to_string();
    assert_eq!(phone.asked(), [("/scan/api/confirm".to_owned(), body)]);
    let page = phone.get(&path).await;
    page.says("已确认登录");
    page.says("“长春示例有限公司”（经办人）");
    is_discreet(&page);
    for again in [phone.post(&path, &RIGHT).await, phone.post(&format!("{path}/cancel"), &[]).await] {
        assert_eq!((again.status, again.header("location")), (303, &*path));
    }
    assert_eq!(phone.asked(), [], "nothing is sent for what is done");
    phone.get(&path).await.says("已确认登录");
}

#[tokio::test]
async fn without_a_choice_nothing_is_sent() {
    let phone = Phone::new().await;
    let path = phone.scan().await;
    phone.asked();
    let number = "请选择登录页面上显示的数字。";
    for (fields, told) in [
        (&[][..], number),
        (&[("identity", "o")], number),
        (&[("identity", "o"), ("number", "43")], number),
        (&[("identity", "o"), ("number", "298")], number),
        (&[("identity", "o"), ("number", "四十二")], number),
        (&[("number", "42")], "请选择以哪个身份登录。"),
        (&[("number", "42"), ("identity", "stranger")], "请选择以哪个身份登录。"),
    ] {
        let page = phone.post(&path, fields).await;
        assert_eq!(page.status, 422, "{fields:?}");
        page.says(told);
        page.says("<title>错误：");
    }
    let page = phone.post(&path, &[("identity", "o")]).await;
    page.says("value=\"o\" required checked");
    assert_eq!(phone.asked(), []);
    phone.get(&path).await.says("确认登录");
}

#[tokio::test]
async fn a_cancelled_scan_is_over() {
    let phone = Phone::new().await;
    let path = phone.scan().await;
    phone.asked();
    let page = phone.post(&format!("{path}/cancel"), &[("identity", "p")]).await;
    assert_eq!((page.status, page.header("location")), (303, &*path));
    let body = json!({ "code": SECRET }).to_string();
    assert_eq!(phone.asked(), [("/scan/api/cancel".to_owned(), body)]);
    phone.get(&path).await.says("您已取消登录");
    phone.post(&path, &RIGHT).await;
    assert_eq!(phone.asked(), []);
    let loaded_again = phone.get(&format!("{path}/cancel")).await;
    assert_eq!((loaded_again.status, loaded_again.header("location")), (303, &*path));
}

#[tokio::test]
async fn a_refused_confirmation_is_the_end() {
    let phone = Phone::new().await;
    for (status, error, told) in [
        (422, "wrong_number", "数字不一致，登录已取消"),
        (410, "expired", "二维码已失效"),
        (410, "cancelled", "本次登录已取消"),
        (409, "already_confirmed", "二维码已使用"),
        (409, "scanned_by_another", "二维码已被其他手机扫描"),
        (409, "not_scanned", "请重新扫描二维码"),
        (404, "unknown", "没有这个二维码"),
        (403, "insufficient_scope", "本应用不能扫码登录"),
    ] {
        for action in ["confirm", "cancel"] {
            phone.answers(action, status, refusal(status, error).1);
            let path = phone.scan().await;
            let form = if action == "confirm" { path.clone() } else { format!("{path}/cancel") };
            let page = phone.post(&form, &RIGHT).await;
            assert_eq!((page.status, page.header("location")), (303, &*path), "{error}");
            let page = phone.get(&path).await;
            page.says(told);
            assert!(!page.body.contains("<form method=\"post\" action=\"/app/scans"), "nothing to send");
            phone.asked();
            phone.post(&path, &RIGHT).await;
            assert_eq!(phone.asked(), [], "{error}");
        }
    }
}

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    let phone = Phone::new().await;
    let path = phone.scan().await;
    for (status, error, shown, told) in [
        (403, "identity_not_allowed", 422, "请选择其他身份"),
        (429, "too_many_attempts", 429, "请在 30 秒后再试"),
        (503, "temporarily_unavailable", 503, "暂时无法连接统一身份认证平台"),
    ] {
        phone.answers("confirm", status, refusal(status, error).1);
        let page = phone.post(&path, &RIGHT).await;
        assert_eq!(page.status, shown, "{error}");
        page.says(told);
        page.says("value=\"o\" required checked");
        assert_eq!(page.header("retry-after"), if status == 429 { "30" } else { "" });
    }
    phone.answers("confirm", 200, json!({ "status": "pending" }));
    assert_eq!(phone.post(&path, &RIGHT).await.status, 503);
    phone.answers("confirm", 200, json!({ "status": "confirmed" }));
    assert_eq!(phone.post(&path, &RIGHT).await.status, 303);
    phone.get(&path).await.says("已确认登录");
}

#[tokio::test]
async fn a_code_that_runs_out_is_told_without_asking() {
    let phone = Phone::new().await;
    let mut short = facts();
    short["expires_in"] = json!(0);
    short["client_name"] = json!(null);
    phone.answers("scan", 200, short);
    let path = phone.scan().await;
    phone.asked();
    let page = phone.get(&path).await;
    assert_eq!((page.status, page.header("location")), (303, &*path));
    phone.get(&path).await.says("二维码已失效");
    assert_eq!(phone.asked(), []);
}

#[tokio::test]
async fn a_second_device_is_told_what_for() {
    let phone = Phone::new().await;
    let told = "需要您用手机再次确认";
    assert!(!phone.get(&phone.scan().await).await.body.contains(told));
    let mut step_up = facts();
    step_up["second_device"] = json!(true);
    step_up["address"] = json!("<b>");
    phone.answers("scan", 200, step_up);
    let page = phone.get(&phone.scan().await).await;
    page.says(told);
    page.says("<dd>&#60;b&#62;</dd>");
}

#[tokio::test]
async fn a_scan_is_not_shown_to_others() {
    let phone = Phone::new().await;
    let path = phone.scan().await;
    phone.asked();
    for (method, path) in [("GET", path.clone()), ("POST", path.clone()), ("POST", format!("{path}/cancel"))]
    {
        let request = Request::builder()
            .method(method)
            .uri(&path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, "portal-mobile-app=another");
        let page = phone.send_as_it_is(request, Body::from("number=42&identity=o")).await;
        assert_eq!(page.status, 303, "{method} {path}");
        assert!(!page.body.contains("203.0.113"));
    }
    assert_eq!(phone.asked(), []);
    let page = phone.get("/app/scans/nothing").await;
    assert_eq!((page.status, page.header("location")), (303, "/app"));
}
