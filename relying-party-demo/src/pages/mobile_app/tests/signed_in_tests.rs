use super::*;

#[tokio::test]
async fn the_first_page_says_who_is_there() {
    let mut phone = Phone::new().await;
    let page = phone.get("/app").await;
    for text in ["李颖", "长春示例有限公司", "经办人 *颖", "打开相机扫码", "识别图片", "粘贴二维码中的地址"]
    {
        page.says(text);
    }
    phone.answers("identities", 503, json!({}));
    let page = phone.get("/app").await;
    assert_eq!(page.status, 200, "scanning goes on");
    page.says("暂时无法连接统一身份认证平台");
    phone.answers("identities", 403, refusal(403, "insufficient_scope").1);
    phone.get("/app").await.says("本应用不能扫码登录");
    phone.signed_in = false;
    let page = phone.get("/app").await;
    page.says("href=\"/app/login\"");
    assert!(!page.body.contains("李颖"));
}

#[tokio::test]
async fn only_the_page_with_the_camera_may_use_it() {
    let mut phone = Phone::new().await;
    let scan = phone.scan().await;
    for (path, camera, script) in
        [("/app", true, true), (&*scan, false, true), ("/", false, false), ("/app/scans/x", false, false)]
    {
        let page = phone.get(path).await;
        let permissions = page.header("permissions-policy");
        assert!(permissions.starts_with(if camera { "camera=(self)," } else { "camera=()," }), "{path}");
        assert!(permissions.contains("microphone=()"));
        let policy = page.header("content-security-policy");
        assert_eq!(policy.contains("script-src 'self'; connect-src 'self';"), script, "{path}: {policy}");
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
    }
    phone.signed_in = false;
    assert!(phone.get("/app").await.header("permissions-policy").starts_with("camera=(),"));
}

#[tokio::test]
async fn who_is_not_signed_in_is_asked_to() {
    let mut phone = Phone::new().await;
    let scan = phone.scan().await;
    phone.asked();
    phone.signed_in = false;
    let address = phone.address();
    for page in [
        phone.post("/app/scan/address", &[("address", &address)]).await,
        phone.upload("picture", b"x").await,
        phone.get(&scan).await,
        phone.post(&scan, &[("number", "42"), ("identity", "o")]).await,
        phone.post(&format!("{scan}/cancel"), &[]).await,
    ] {
        assert_eq!(page.status, 403);
        page.says("登录状态已失效");
        page.says("href=\"/app/login\"");
    }
    let page = phone.frame(b"x".to_vec()).await;
    assert_eq!((page.status, page.json()), (403, json!({ "next": "/app" })));
    for path in ["/app/scan/address", "/app/scan/picture"] {
        let page = phone.get(path).await;
        assert_eq!((page.status, page.header("location")), (303, "/app"));
    }
    assert_eq!(phone.asked(), []);
}

#[tokio::test]
async fn a_token_that_ran_out_is_renewed() {
    let phone = Phone::new().await;
    phone.takes_only("second");
    let renewed = json!({
        "access_token": "second", "token_type": "Bearer", "refresh_token": "r2", "expires_in": 1,
    });
    phone.answers("token", 200, renewed);
    phone.scan().await;
    let asked = phone.asked();
    let paths: Vec<_> = asked.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/scan/api/scan", "/token", "/scan/api/scan"]);
    assert_eq!(asked[1].1, "grant_type=refresh_token&refresh_token=r1&client_id=mobile-app");
    // This one runs out so soon that it is renewed before it is used, with the newest refresh token.
    phone.takes_only("third");
    phone.answers(
        "token",
        200,
        json!({ "access_token": "third", "token_type": "Bearer", "expires_in": 600 }),
    );
    phone.scan().await;
    let asked = phone.asked();
    assert!(asked[0].1.contains("refresh_token=r2"), "{asked:?}");
    assert_eq!(asked.len(), 2);
    phone.scan().await;
    assert_eq!(phone.asked().len(), 1);
}

#[tokio::test]
async fn a_sign_in_that_is_over_ends_here_too() {
    for (status, answer) in [
        (400, json!({ "error": "invalid_grant" })),
        // Renewed, and still not taken.
        (200, json!({ "access_token": "other", "token_type": "Bearer", "refresh_token": "r2" })),
    ] {
        let phone = Phone::new().await;
        phone.takes_only("nothing that we have");
        phone.answers("token", status, answer);
        let page = phone.post("/app/scan/address", &[("address", &phone.address())]).await;
        assert_eq!(page.status, 403);
        page.says("重新登录");
        phone.get("/app").await.says("href=\"/app/login\"");
    }
}

#[tokio::test]
async fn a_provider_that_is_away_ends_nothing() {
    let phone = Phone::new().await;
    phone.takes_only("second");
    for (status, error) in [(503, "temporarily_unavailable"), (500, "server_error")] {
        phone.answers("token", status, json!({ "error": error }));
        phone.get(&phone.scan().await).await.says("暂时无法连接统一身份认证平台");
    }
    phone.get("/app").await.says("李颖");
}

#[tokio::test]
async fn signing_out_gives_the_tokens_back() {
    let phone = Phone::new().await;
    phone.answers("revoke", 200, json!({}));
    let page = phone.post("/app/logout", &[]).await;
    assert_eq!(page.status, 200);
    let form = "token=r1&token_type_hint=refresh_token&client_id=mobile-app";
    assert_eq!(phone.asked(), [("/revoke".to_owned(), form.to_owned())]);
    phone.get("/app").await.says("href=\"/app/login\"");
}

#[tokio::test]
async fn no_other_site_sends_our_forms() {
    let phone = Phone::new().await;
    let scan = phone.scan().await;
    phone.asked();
    for path in ["/app/scan/address", "/app/scan/picture", "/app/scan/frame", &*scan] {
        let request = Request::post(path)
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://evil.test")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let page = phone.send(request, Body::from("number=42&identity=o")).await;
        assert_eq!(page.status, 403, "{path}");
    }
    assert_eq!(phone.asked(), []);
}
