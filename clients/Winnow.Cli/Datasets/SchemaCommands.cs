using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Winnow.Client;
using Winnow.Json;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Cli.Datasets;

/// <summary>Shows the versions of a label schema, and makes the next.</summary>
internal static class SchemaCommands
{
    private const int MostBytes = 64 << 20;
    private static readonly JsonTypeInfo<IReadOnlyList<SchemaChange>> Form =
        StrictJson.Of<IReadOnlyList<SchemaChange>>(ModelJson.Default);

    public static Command Make(Connection connection) =>
        new("schema", "Show the label schema of a dataset and its versions, and make the next one.")
        {
            Show(connection), History(connection),
            Rename(connection), Recolour(connection), Retitle(connection), Add(connection), Merge(connection), Split(connection),
            Retire(connection), Change(connection),
        };

    private static Command Show(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var command = new Command("show", "The newest version, and how far the asking again has come that it brought with it.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Say(await client.GetSchemaAsync(parsed.GetValue(dataset)!, ct));
            return 0;
        });
        return command;
    }

    private static Command History(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var command = new Command("history", "All versions, with who made them and what they changed, oldest first.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var all = await client.ListSchemasAsync(parsed.GetValue(dataset)!, ct);
            Connection.Table(["version", "made", "by", "classes", "changes"], all.Select(v => (IReadOnlyList<string>)
            [
                v.Number.ToString(CultureInfo.InvariantCulture), v.ChangedAt.ToString("u", CultureInfo.InvariantCulture), v.ChangedBy,
                v.Schema.Open.ToString(CultureInfo.InvariantCulture), string.Join("; ", v.Changes.Select(SchemaWords.Of)),
            ]));
            return 0;
        });
        return command;
    }

    private static Command Rename(Connection connection)
    {
        var (name, to) = (new Argument<string>("name"), new Argument<string>("to"));
        var (attribute, optionOf) = (OfAttribute(), OptionOf());
        var command = Made(connection, "rename", "Call a class otherwise. Its labels and what models know of it stay.", [name, to],
            [attribute, optionOf], p => [Renamed(p.GetValue(name)!, p.GetValue(to)!, p.GetValue(attribute), p.GetValue(optionOf))]);
        command.NotBoth(attribute, optionOf, OneThing);
        return command;
    }

    private static SchemaChange Renamed(string name, string to, bool isAttribute, string? optionOf) =>
        optionOf is not null ? new RenameOption(optionOf, name, to)
        : isAttribute ? new RenameAttribute(name, to) : new RenameClass(name, to);

    private static Command Recolour(Connection connection)
    {
        var name = new Argument<string>("class");
        var color = new Argument<string?>("colour")
        {
            Description = "A CSS colour such as '#1f77b4' or teal; left out, one is chosen.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return Made(connection, "recolour", "Show a class in another colour.", [name, color], [],
            p => [new RecolourClass(p.GetValue(name)!, p.GetValue(color))]);
    }

    private static Command Retitle(Connection connection)
    {
        var name = new Argument<string>("class");
        var title = new Argument<string?>("title")
        {
            Description = "What people read; left out, its name.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return Made(connection, "retitle", "Have people read something else for a class.", [name, title], [],
            p => [new RetitleClass(p.GetValue(name)!, p.GetValue(title))]);
    }

    private static Command Add(Connection connection)
    {
        var names = new Argument<string[]>("class") { Arity = ArgumentArity.OneOrMore };
        var color = new Option<string?>("--colour") { Description = "Its CSS colour, where one class is named." };
        var optionOf = OptionOf();
        var command = Made(connection, "add",
            "Add classes. Labels of before stand; where they are not to, split the class that they bear.", [names], [color, optionOf],
            p => p.GetValue(optionOf) is { } attribute ? [new AddOptions(attribute, p.GetValue(names)!)]
                : [.. p.GetValue(names)!.Select(n => new AddClass(new LabelClass(n, Color: p.GetValue(color))))]);
        command.NotBoth(color, optionOf, "an option has no colour.");
        command.Validators.Add(line =>
        {
            if (line.GetResult(color) is not null && line.GetResult(names)?.Tokens.Count > 1)
                line.AddError("--colour is of one class: add each with its own.");
        });
        return command;
    }

    private static Command Merge(Connection connection)
    {
        var names = new Argument<string[]>("class") { Arity = ArgumentArity.OneOrMore };
        var into = new Option<string>("--into") { Description = "What they become: a class that there is, or a new one.", Required = true };
        var optionOf = OptionOf();
        return Made(connection, "merge", "Make one class of several. Their labels count as that one's when they are read.", [names],
            [into, optionOf], p => [p.GetValue(optionOf) is { } attribute
                ? new MergeOptions(attribute, p.GetValue(names)!, p.GetValue(into)!)
                : new MergeClasses(p.GetValue(names)!, p.GetValue(into)!)]);
    }

    private static Command Split(Connection connection)
    {
        var name = new Argument<string>("class");
        var into = new Option<string[]>("--into")
        {
            Description = "The classes that people choose from instead, at least two, there or new.",
            AllowMultipleArgumentsPerToken = true,
            Required = true,
        };
        return Made(connection, "split", "Make several classes of one. Images that bear it are asked about again.", [name], [into],
            p => [new SplitClass(p.GetValue(name)!, p.GetValue(into)!)]);
    }

    private static Command Retire(Connection connection)
    {
        var name = new Argument<string>("name");
        var ask = new Option<bool>("--ask")
        {
            Description = "Ask again about images that bear the class. Without it what was said stands, and no model learns from it.",
        };
        var (attribute, optionOf) = (OfAttribute(), OptionOf());
        var command = Made(connection, "retire", "Have nobody say a class any more.", [name], [ask, attribute, optionOf],
            p => [p.GetValue(optionOf) is { } of ? new RetireOption(of, p.GetValue(name)!)
                : p.GetValue(attribute) ? new RetireAttribute(p.GetValue(name)!)
                : new RetireClass(p.GetValue(name)!, p.GetValue(ask))]);
        command.NotBoth(ask, attribute, "what was said of an attribute stands.");
        command.NotBoth(ask, optionOf, "what was said of an option stands.");
        command.NotBoth(attribute, optionOf, OneThing);
        return command;
    }

    private static Command Change(Connection connection)
    {
        var file = new Option<string>("--from-file")
        {
            Description = "A JSON array of changes, as the API has them: "
                + "[{\"change\":\"rename-class\",\"class\":\"kitty\",\"to\":\"cat\"}, …].",
            Required = true,
        };
        return Made(connection, "change", "Make one version of several changes.", [], [file],
            async (p, ct) =>
            {
                var path = p.GetValue(file)!;
                var text = await NamedFile.ReadAsync(path, "file of schema changes", MostBytes, ct);
                return StrictText.Read(text.Span, $"schema changes in {path}", Form);
            });
    }

    private const string OneThing = "it is an attribute, or an option of one.";

    private static Option<string?> OptionOf() => new("--option-of")
    {
        Description = "It is an option of this attribute and no class.",
    };

    private static Option<bool> OfAttribute() => new("--attribute") { Description = "It is an attribute and no class." };

    private static Command Made(Connection connection, string name, string what, Argument[] arguments, Option[] options,
        Func<ParseResult, IReadOnlyList<SchemaChange>> changes) =>
        Made(connection, name, what, arguments, options, (p, _) => Task.FromResult(changes(p)));

    private static Command Made(Connection connection, string name, string what, Argument[] arguments, Option[] options,
        Func<ParseResult, CancellationToken, Task<IReadOnlyList<SchemaChange>>> changes)
    {
        var dataset = new Argument<string>("dataset");
        var known = Numbers.WholeOrNone("--version-known", 1, int.MaxValue,
            "Change this version and no other: refused where another is the newest by now.");
        var command = new Command(name, what) { dataset };
        foreach (var argument in arguments) command.Add(argument);
        foreach (var option in options) command.Add(option);
        command.Add(known);
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var of = parsed.GetValue(dataset)!;
            var from = parsed.GetValue(known) ?? (await client.GetSchemaAsync(of, ct)).Version.Number;
            Say(await client.ChangeSchemaAsync(of, new ChangeSchema(from, await changes(parsed, ct)), cancellationToken: ct));
            return 0;
        });
        return command;
    }

    private static void Say(SchemaState state)
    {
        var (version, schema) = (state.Version, state.Version.Schema);
        Terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"version {version.Number}, by {version.ChangedBy} at {version.ChangedAt:u}"));
        for (var i = 0; i < schema.Classes.Count; i++)
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  {i,5}  {SchemaWords.Of(schema.Classes[i], schema)}"));
        foreach (var attribute in schema.Attributes ?? [])
            Terminal.Say($"  attribute {SchemaWords.Of(attribute)}");
        if (state.Asking is not { } asking) return;
        Terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"  {asking.Asked} images are asked about again so far; {asking.Looked} of {asking.Images} were looked at"));
        if (asking.Stalled is { } why) Terminal.Say($"  that stands still: {why}");
    }
}
