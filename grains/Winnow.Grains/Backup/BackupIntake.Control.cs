using System.Globalization;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Datasets;
using Winnow.Grains.Training;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Grains.Backup;

/// <summary>What an archive begins with: what it is, and the control state of its dataset.</summary>
internal sealed partial class BackupIntake
{
    public async Task ReadHeaderAsync(string? name, bool alikeClasses, CancellationToken cancellationToken)
    {
        if (!await tar.NextAsync(cancellationToken).ConfigureAwait(false) || tar.Name != BackupHeader.FileName)
            throw new InvalidDataException($"This is no backup of Winnow: it does not begin with '{BackupHeader.FileName}'.");
        var json = await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
        CheckLayout(json);
        var header = BackupText.Read<BackupHeader>(tar.Name, json);
        if (header.Dataset.Schema.Classes.Count <= LabelSchema.MaxClasses)
            header = header with { Dataset = header.Dataset with { Schema = _cleaner.Schema(header.Dataset.Schema) } };
        if (header.Check(_latest) is { } wrong) throw BackupFault.At(tar.Name, wrong);
        if (header.Dataset.Restored.Count == Restoration.Most)
            throw BackupFault.At(tar.Name, "dataset.restored is full: the dataset was restored more often than it can remember.");
        Header = header;
        Dataset = header.Dataset with { Name = name ?? header.Dataset.Name };
        if (!alikeClasses && Dataset.Schema.CheckAlike() is { } alike)
        {
            throw new RefusedException($"{alike} A dataset of before that was refused is restored with --alike-classes "
                + "(?alikeClasses=true); its exports tell such folders apart.");
        }
    }

    private static void CheckLayout(byte[] json)
    {
        // Before anything else is read: a later layout may look otherwise.
        string? format;
        int layout;
        try
        {
            using var document = JsonDocument.Parse(json);
            (format, layout) = (document.RootElement.GetProperty("format").GetString(), document.RootElement.GetProperty("layout")
                .GetInt32());
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw BackupFault.At(BackupHeader.FileName, "format and layout cannot be read.", inner: problem);
        }
        if (format != BackupHeader.FormatName)
            throw new InvalidDataException($"This is no backup of Winnow: its format is {ShownText.Quote(format)}.");
        if (layout != BackupHeader.ThisLayout)
            throw new InvalidDataException($"The backup has layout {layout}; this program reads layout {BackupHeader.ThisLayout}. "
                + "Restore it with the program that wrote it, or a newer one.");
    }

    private async Task ReadControlAsync(CancellationToken cancellationToken)
    {
        if (tar.Name != BackupFiles.Control) throw tar.Misplaced();
        var dataset = BackupText.Read<DatasetState>(tar.Name, await ReadStateAsync(cancellationToken).ConfigureAwait(false));
        _cleaner.State(dataset);
        if ((dataset.CheckWhole(_latest) ?? CheckSchema(dataset) ?? CheckTold(dataset)) is { } wrong) throw BackupFault.At(tar.Name, wrong);
        var rounds = new RoundState?[dataset.Rounds.Count];
        await tar.NextFileAsync(cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < rounds.Length; i++)
        {
            if (tar.Name != BackupFiles.Round(i)) continue;
            var round = BackupText.Read<RoundState>(tar.Name, await ReadStateAsync(cancellationToken).ConfigureAwait(false));
            _cleaner.State(round);
            if ((round.CheckWhole(dataset.Rounds[i], _latest) ?? CheckTold("startedBy", round.StartedBy)) is { } unsound)
                throw BackupFault.At(tar.Name, unsound);
            rounds[i] = round;
            await tar.NextFileAsync(cancellationToken).ConfigureAwait(false);
        }
        var control = new BackupControl(dataset, rounds);
        _selected = new SelectedImages(control);
        Control = _places.Add(control);
    }

    /// <summary>States are held in memory until they are in the ledger, all of them in one transaction.</summary>
    private async Task<byte[]> ReadStateAsync(CancellationToken cancellationToken)
    {
        if ((_stateBytes += tar.Length) > limits.MaxStateBytes)
            throw BackupFault.At(tar.Name, string.Create(
                CultureInfo.InvariantCulture,
                $"the states of the dataset have more than {limits.MaxStateBytes} bytes. Raise Restore:MaxStateBytes for this restore."));
        return await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The dataset's label schema is the newest of its versions.</summary>
    private string? CheckSchema(DatasetState state) => state.Schemas is [.., { Version.Schema: var newest }]
        ? newest.IsSame(Dataset.Schema) ? null : "schemas ends with another version than the dataset's schema."
        : Dataset.Schema.Version is null ? null : "schemas is empty, and the dataset's schema is a later version.";

    /// <summary>Marks name restorations that the dataset remembers.</summary>
    private string? CheckTold(DatasetState state) =>
        MemberRules.Each("versions", state.Versions, v => v.Version.Told > Dataset.Restored.Count
            ? "version.told names a restoration that the dataset does not remember." : null)
        ?? MemberRules.Within("backbones", MemberRules.Each("all", state.Backbones.All, b => CheckTold("addedBy", b.AddedBy))
            ?? MemberRules.Each("operations", state.Backbones.Operations, o => CheckTold("by", o.By)))
        ?? MemberRules.Each("rounds", state.Rounds, r => CheckTold("startedBy", r.StartedBy) ?? (
            r.Ended?.Told > Dataset.Restored.Count ? "ended.told names a restoration that the dataset does not remember." : null))
        ?? MemberRules.Each("schemas", state.Schemas, s => s.Version.Told > Dataset.Restored.Count
            ? "version.told names a restoration that the dataset does not remember." : null)
        ?? MemberRules.Each("policies", state.Policies, p => p.Told > Dataset.Restored.Count
            ? "told names a restoration that the dataset does not remember." : null);

    private string? CheckTold(string member, string? actor) =>
        actor is not null && ActorName.Read(actor).Told > Dataset.Restored.Count
            ? $"{member} names a restoration that the dataset does not remember." : null;
}
