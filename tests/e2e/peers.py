# SPDX-License-Identifier: Apache-2.0
"""What other modules can be told about access tokens, by the document that says
so: each of these words has its row in the README's tables of migration.

An OpenID Connect login is not among them: it stays where it is.
"""

#: auth_openidc.conf of mod_auth_openidc (master, 2026; read whole), the section
#: for resource servers and what other sections say of oauth20.
OPENIDC_CONF = """
    OIDCOAuthServerMetadataURL OIDCOAuthIntrospectionEndpoint
    OIDCOAuthClientID OIDCOAuthClientSecret OIDCOAuthIntrospectionEndpointAuth
    OIDCOAuthIntrospectionClientAuthBearerToken
    OIDCOAuthIntrospectionEndpointCert OIDCOAuthIntrospectionEndpointKey
    OIDCOAuthIntrospectionEndpointKeyPassword
    OIDCOAuthIntrospectionEndpointMethod OIDCOAuthIntrospectionEndpointParams
    OIDCOAuthIntrospectionTokenParamName OIDCOAuthTokenExpiryClaim
    OIDCOAuthTokenIntrospectionInterval OIDCOAuthSSLValidateServer
    OIDCOAuthVerifySharedKeys OIDCOAuthDecryptSharedKeys
    OIDCOAuthVerifyCertFiles OIDCOAuthVerifyJwksUri OIDCOAuthVerifyAudience
    OIDCOAuthVerifyIssuer OIDCOAuthRemoteUserClaim OIDCOAuthAcceptTokenAs
    oauth20 header query cookie:N basic post sig: enc:
    OIDCJWKSRefreshInterval OIDCPrivateKeyFiles OIDCPublicKeyFiles
    OIDCStripCookies OIDCPassCookies OIDCPassClaimsAs OIDCClaimPrefix
    OIDCClaimDelimiter OIDCAuthNHeader OIDCPassAccessToken
    OIDCWhiteListedClaims OIDCBlackListedClaims
    OIDCUnAuthAction OIDCUnAutzAction 401 403 407 410 302 pass auth OIDC_ERROR
    OIDCHTTPTimeoutLong OIDCHTTPTimeoutShort OIDCOutgoingProxy
    OIDCCABundlePath OIDCTraceParent OIDCCryptoPassphrase OIDCCacheType
    OIDCCacheEncrypt OIDCCacheShmMax OIDCCacheShmEntrySizeMax OIDCCacheDir
    OIDCCacheFileCleanInterval OIDCMemCacheServers
    OIDCMemCacheConnectionsMin OIDCMemCacheConnectionsSMax
    OIDCMemCacheConnectionsHMax OIDCMemCacheConnectionsTTL
    OIDCRedisCacheServer OIDCRedisCachePassword OIDCRedisCacheUsername
    OIDCRedisCacheDatabase OIDCRedisCacheConnectTimeout OIDCRedisCacheTimeout
    OIDCMetricsData OIDCMetricsPublish OIDCPreservePost
"""

#: Its README (every sample of seven versions), its ChangeLog (2.4.12.3, whole),
#: authz.c (two versions) and the wiki's pages Authorization, OAuth 2.0 Resource
#: Server, Step-up Authentication and Single Page Applications (each from its
#: beginning, not to its end).
OPENIDC_MORE = """
    auth-openidc OIDCOAuthAccessTokenBindingPolicy OPTIONS
    OIDC_OAUTH_BEARER_SCOPE_ERROR claim claims_expr ldap-group
    a:b a:c a~regex a.b:c a.b~c scope~word not a:%{expr}
"""

#: oauth2.conf of mod_oauth2 (3.3.1 and 4.0, read whole), its README (four
#: samples), its wiki (whole) and its ChangeLog (3.3.1, whole).
OAUTH2 = """
    oauth2 auth-openidc OAuth2TokenVerify OAuth2AcceptTokenIn OAuth2TargetPass
    OAuth2Cache OAuth2CryptoPassphrase OAUTH2_BEARER_SCOPE_ERROR oauth2_claim
    introspect jwks_uri jwk metadata plain base64 base64url hex pem pubkey
    eckey_uri aws_alb kid verify.iss verify.exp verify.iat
    verify.iat.slack_before verify.iat.slack_after verify.cache expiry
    type=mtls type=dpop ssl_verify http_retries
    environment header query post cookie basic
    envvars headers authn_header prefix remote_user_claim json_payload_claim
    a:b a~regex
"""

#: README.md of mod_authnz_jwt (1.2.0, read whole), and of what it was before.
AUTHNZ = """
    jwt jwt-bearer jwt-cookie jwt-both AuthJWTProvider
    AuthJWTSignatureAlgorithm AuthJWTSignatureSharedSecret
    AuthJWTSignaturePublicKeyFile AuthJWTSignaturePrivateKeyFile AuthJWTIss
    AuthJWTAud AuthJWTExpDelay AuthJWTNbfDelay AuthJWTLeeway
    AuthJWTFormUsername AuthJWTFormPassword AuthJWTAttributeUsername
    AuthJWTDeliveryType AuthJWTTokenName AuthJWTCookieName AuthJWTCookieAttr
    AuthJWTRemoveCookie jwt-login-handler jwt-claim jwt-claim-array
    LA-U:REMOTE_USER AuthJWTSub AuthJWTSignatureSecret
"""

WORDS = {"mod_auth_openidc": (OPENIDC_CONF + OPENIDC_MORE).split(),
         "mod_oauth2": OAUTH2.split(),
         "mod_authnz_jwt": AUTHNZ.split()}
