using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Winnow.Web.Security;

/// <summary>
/// Writes into the OpenAPI document how callers are known and what each operation asks of them (<c>x-winnow-permission</c>).
/// </summary>
internal static class SecurityDocument
{
    public const string Extension = "x-winnow-permission";

    public static void AddSecurity(this OpenApiOptions document, ApiOptions options)
    {
        document.AddDocumentTransformer((d, _, _) =>
        {
            // The host and the path that a request came under are those of the last proxy before this server: the document says where the
            // API lies
            // beside itself.
            d.Servers = [new OpenApiServer { Url = ".." }];
            d.Components ??= new OpenApiComponents();
            d.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            d.Components.SecuritySchemes[KeyHandler.SchemeName] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "wnk_ID_SECRET",
                Description = "An API key. A server that listens to its own machine alone may need none.",
            };
            if (options.Oidc is { } oidc)
            {
                d.Components.SecuritySchemes[OidcTokens.SchemeName] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.OpenIdConnect,
                    OpenIdConnectUrl = new Uri(oidc.Authority.TrimEnd('/') + "/.well-known/openid-configuration"),
                    Description = "A token of the identity provider.",
                };
            }
            return Task.CompletedTask;
        });
        document.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<EndpointRule>().FirstOrDefault() is not { } rule) return Task.CompletedTask;
            operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
            operation.Extensions[Extension] = new JsonNodeExtension(JsonValue.Create(rule.Name));
            if (rule.Who == EndpointCallers.All) return Task.CompletedTask;
            operation.Description = rule.Permission is { } permission
                ? $"Needs the permission {EndpointRule.NameOf(permission)}."
                : "Needs a known caller.";
            operation.Security =
            [
                .. SchemesOf(options)
                    .Select(s => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(s, context.Document)] = [] }),
            ];
            operation.Responses ??= [];
            operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No key or token was sent, or not a good one." });
            var tooMany = new OpenApiResponse { Description = "Too many requests; Retry-After says how long to wait." };
            operation.Responses.TryAdd("429", tooMany);
            if (rule.Permission is null) return Task.CompletedTask;
            operation.Responses.TryAdd("403", new OpenApiResponse { Description = "The caller does not hold the permission." });
            return Task.CompletedTask;
        });
    }

    private static IEnumerable<string> SchemesOf(ApiOptions options) =>
        options.Oidc is null ? [KeyHandler.SchemeName] : [KeyHandler.SchemeName, OidcTokens.SchemeName];
}
