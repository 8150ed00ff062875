using Winnow.Model.Labels;

namespace Winnow.Studio.Shell;

/// <summary>What a label schema asks for, in words.</summary>
internal static class SchemaWords
{
    public static string Of(LabelSchema schema)
    {
        if (schema.IsOneClass) return "one class";
        var shapes = schema.Geometries.Where(g => g != Geometry.Class).Select(g => g.ToString().ToLowerInvariant()).ToList();
        if (schema.Geometries.Contains(Geometry.Class)) shapes.Insert(0, schema.MultiLabel ? "several classes" : "one class");
        return string.Join(", ", shapes) + (schema.Attributes is { Count: > 0 } ? ", with attributes" : "");
    }
}
