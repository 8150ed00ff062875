using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Labels;

/// <summary>
/// One thing that a new version of a schema has otherwise. Classes and attributes are named as the changes before it left them.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "change")]
[JsonDerivedType(typeof(RenameClass), "rename-class")]
[JsonDerivedType(typeof(RecolourClass), "recolour-class")]
[JsonDerivedType(typeof(RetitleClass), "retitle-class")]
[JsonDerivedType(typeof(AddClass), "add-class")]
[JsonDerivedType(typeof(MergeClasses), "merge-classes")]
[JsonDerivedType(typeof(SplitClass), "split-class")]
[JsonDerivedType(typeof(RetireClass), "retire-class")]
[JsonDerivedType(typeof(RenameAttribute), "rename-attribute")]
[JsonDerivedType(typeof(AddAttribute), "add-attribute")]
[JsonDerivedType(typeof(AddOptions), "add-options")]
[JsonDerivedType(typeof(RetireAttribute), "retire-attribute")]
[JsonDerivedType(typeof(RenameOption), "rename-option")]
[JsonDerivedType(typeof(MergeOptions), "merge-options")]
[JsonDerivedType(typeof(RetireOption), "retire-option")]
public abstract record SchemaChange;

/// <summary>A class is called otherwise. Its labels are the same, and so is what models know of it.</summary>
/// <param name="Class">The class.</param>
/// <param name="To">Its name from now on.</param>
public sealed record RenameClass(
    [property: Text(TextKind.Exact)] string Class, [property: Text(TextKind.Exact)] string To) : SchemaChange;

/// <summary>A class is shown in another colour.</summary>
/// <param name="Class">The class.</param>
/// <param name="Color">The colour; null: one is chosen.</param>
public sealed record RecolourClass(
    [property: Text(TextKind.Exact)] string Class,
    [property: Text(TextKind.Name, LabelClass.MaxColor)] string? Color = null) : SchemaChange;

/// <summary>People read something else for a class.</summary>
/// <param name="Class">The class.</param>
/// <param name="Title">What they read; null: its name.</param>
public sealed record RetitleClass(
    [property: Text(TextKind.Exact)] string Class,
    [property: Text(TextKind.Free, LabelClass.MaxTitle)] string? Title = null) : SchemaChange;

/// <summary>There is one more class. Labels of before stand: whoever looked for it did not know of it.</summary>
/// <param name="Class">The class, as member <c>newClass</c>: in every other change <c>class</c> is a name.</param>
public sealed record AddClass([property: JsonPropertyName("newClass")] LabelClass Class) : SchemaChange;

/// <summary>Several classes are one from now on. Their labels count as that one's when they are read.</summary>
/// <param name="Classes">Those that are retired into it; it may stand among them.</param>
/// <param name="Into">The class that they become: one that there is, or a new one of that name.</param>
public sealed record MergeClasses(
    [property: Text(TextKind.Exact)] IReadOnlyList<string> Classes, [property: Text(TextKind.Exact)] string Into) : SchemaChange;

/// <summary>One class is several from now on. Nobody knows which, so images that bear it are asked about again.</summary>
/// <param name="Class">The class, which is retired.</param>
/// <param name="Into">The classes that people choose from: at least two, each one that there is or a new one of that name.</param>
public sealed record SplitClass(
    [property: Text(TextKind.Exact)] string Class, [property: Text(TextKind.Exact)] IReadOnlyList<string> Into) : SchemaChange;

/// <summary>A class is said no more.</summary>
/// <param name="Class">The class.</param>
/// <param name="Ask">
/// Whether images that bear it are asked about again. Default: they are not; what was said stands, and no model learns from it.
/// </param>
public sealed record RetireClass([property: Text(TextKind.Exact)] string Class, bool Ask = false) : SchemaChange;

/// <summary>An attribute is called otherwise.</summary>
/// <param name="Attribute">The attribute.</param>
/// <param name="To">Its name from now on.</param>
public sealed record RenameAttribute(
    [property: Text(TextKind.Exact)] string Attribute, [property: Text(TextKind.Exact)] string To) : SchemaChange;

/// <summary>There is one more attribute. Labels of before stand without it, also where it is required from now on.</summary>
/// <param name="Attribute">The attribute, as member <c>newAttribute</c>: in every other change <c>attribute</c> is a name.</param>
public sealed record AddAttribute([property: JsonPropertyName("newAttribute")] LabelAttribute Attribute) : SchemaChange;

/// <summary>An attribute of a choice has more options.</summary>
/// <param name="Attribute">The attribute.</param>
/// <param name="Options">Those that are added.</param>
public sealed record AddOptions(
    [property: Text(TextKind.Exact)] string Attribute, [property: Text(TextKind.Exact)] IReadOnlyList<string> Options) : SchemaChange;

/// <summary>An attribute is said no more. What was said stands.</summary>
/// <param name="Attribute">The attribute.</param>
public sealed record RetireAttribute([property: Text(TextKind.Exact)] string Attribute) : SchemaChange;

/// <summary>An option of an attribute is called otherwise. What was said reads so.</summary>
/// <param name="Attribute">The attribute.</param>
/// <param name="Option">The option.</param>
/// <param name="To">Its name from now on.</param>
public sealed record RenameOption(
    [property: Text(TextKind.Exact)] string Attribute, [property: Text(TextKind.Exact)] string Option,
    [property: Text(TextKind.Exact)] string To) : SchemaChange;

/// <summary>Several options of an attribute are one from now on. Whatever was said of them counts as that one when it is read.</summary>
/// <param name="Attribute">The attribute.</param>
/// <param name="Options">Those that are retired into it; it may stand among them.</param>
/// <param name="Into">The option that they become: one that there is, or a new one of that name.</param>
public sealed record MergeOptions(
    [property: Text(TextKind.Exact)] string Attribute, [property: Text(TextKind.Exact)] IReadOnlyList<string> Options,
    [property: Text(TextKind.Exact)] string Into) : SchemaChange;

/// <summary>An option of an attribute is chosen no more. What was said stands.</summary>
/// <param name="Attribute">The attribute.</param>
/// <param name="Option">The option.</param>
public sealed record RetireOption(
    [property: Text(TextKind.Exact)] string Attribute, [property: Text(TextKind.Exact)] string Option) : SchemaChange;
