using System.Text.Json.Serialization.Metadata;
using Winnow.Model;

namespace Winnow.Web.Tests.House;

/// <summary>
/// What JSON may leave out keeps its default. A member that is only set while its record is made is set to nothing where JSON says nothing
/// of it: a silo of an earlier release, which does not know it, then makes a record whose list is null. So a member with a default has a
/// setter, or is required.
/// </summary>
public sealed class DefaultsTests
{
    [Fact]
    public void What_JSON_leaves_out_keeps_its_default()
    {
        var wrong = new List<string>();
        var looked = 0;
        foreach (var type in typeof(ModelJson).Assembly.GetExportedTypes()
            .Where(t => t is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false }))
        {
            if (type.GetConstructor(Type.EmptyTypes) is null || ModelJson.Default.GetTypeInfo(type) is not { } known) continue;
            if (known.Kind != JsonTypeInfoKind.Object) continue;
            looked++;
            var made = Activator.CreateInstance(type)!;
            foreach (var member in known.Properties)
            {
                if (member is not { IsRequired: false, AssociatedParameter.IsMemberInitializer: true, Get: { } get }) continue;
                var nothing = member.PropertyType.IsValueType ? Activator.CreateInstance(member.PropertyType) : null;
                if (!Equals(get(made), nothing)) wrong.Add($"{type.Name}.{member.Name}");
            }
        }
        Assert.True(looked > 10, $"{looked} records were looked at");
        Assert.True(wrong.Count == 0, $"Give these a setter: {string.Join(", ", wrong)}");
    }
}
