namespace Winnow.Adapters.Objects.S3;

/// <summary>One request to a server, to be sent as often as it takes.</summary>
/// <param name="Method">The verb.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The object; empty for the bucket itself.</param>
internal sealed record S3Request(HttpMethod Method, string Bucket, string Key = "")
{
    /// <summary>Parameters, in the order of their names.</summary>
    public IReadOnlyList<(string Name, string Value)> Query { get; init; } = [];

    /// <summary>What is sent.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Whether a put is to leave what stands under the key.</summary>
    public bool IfAbsent { get; init; }

    /// <summary>Whether to repeat it; a health check does not.</summary>
    public bool Retry { get; init; } = true;

    /// <summary>For messages: <c>PUT bucket/key</c>.</summary>
    public override string ToString() => Key.Length == 0 ? $"{Method} {Bucket}" : $"{Method} {Bucket}/{Key}";
}
