using System.Text.Json.Nodes;

namespace Winnow.Testing;

/// <summary>Policies of buckets, as their owners write them.</summary>
public static class BucketPolicies
{
    /// <summary>Nobody may read these objects, the owner included.</summary>
    public static string Deny(string bucket, params string[] keys) => new JsonObject
    {
        ["Version"] = "2012-10-17",
        ["Statement"] = new JsonArray(new JsonObject
        {
            ["Effect"] = "Deny",
            ["Principal"] = "*",
            ["Action"] = new JsonArray("s3:GetObject"),
            ["Resource"] = new JsonArray([.. keys.Select(k => JsonValue.Create($"arn:aws:s3:::{bucket}/{k}"))]),
        }),
    }.ToJsonString();
}
