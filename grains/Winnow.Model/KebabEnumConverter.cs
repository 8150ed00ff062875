using System.Text.Json;
using System.Text.Json.Serialization;

namespace Winnow.Model;

/// <summary>Writes an enum the way the vocabulary does: <c>auto-accepted</c>, <c>second-opinion</c>.</summary>
/// <typeparam name="T">The enum.</typeparam>
public sealed class KebabEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
