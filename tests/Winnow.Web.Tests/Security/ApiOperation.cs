using System.Text.Json;
using Winnow.Model.Security;

namespace Winnow.Web.Tests.Security;

/// <summary>One operation of the served OpenAPI document, with the permission that it states.</summary>
public sealed record ApiOperation(string Method, string Path, string? Permission)
{
    public string Name => $"{Method} {Path}";

    public bool OfDataset => Path.Contains("{dataset}", StringComparison.Ordinal);

    public static IReadOnlyList<ApiOperation> Read(JsonDocument document) =>
    [
        .. document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => new ApiOperation(
            operation.Name.ToUpperInvariant(), path.Name,
            operation.Value.TryGetProperty("x-winnow-permission", out var stated) ? stated.GetString() : null))),
    ];

    /// <summary>The stated permission; null for <c>caller</c> and <c>none</c>.</summary>
    public Permission? ToPermission()
    {
        if (Permission is "caller" or "none") return null;
        foreach (var permission in Enum.GetValues<Permission>())
            if (JsonNamingPolicy.KebabCaseLower.ConvertName(permission.ToString()) == Permission) return permission;
        throw new InvalidDataException($"{Name} states '{Permission}', which is no permission.");
    }
}
