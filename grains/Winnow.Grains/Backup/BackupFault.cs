using System.Globalization;
using Winnow.Model.Names;

namespace Winnow.Grains.Backup;

/// <summary>Why a backup is not restored: one sentence that names the file, the line and the member.</summary>
internal static class BackupFault
{
    /// <param name="file">A file of the backup, or an object that it holds.</param>
    /// <param name="wrong">The sentence of a rule, which begins with the member. What it quotes is shown, and obeyed by nobody.</param>
    /// <param name="line">The line, from 1 on; null where the file has none.</param>
    /// <param name="inner">What was thrown, where something was.</param>
    public static InvalidDataException At(string file, string wrong, int? line = null, Exception? inner = null) =>
        new(string.Create(CultureInfo.InvariantCulture,
            $"The backup cannot be restored: {ShownText.Quote(file)}{(line is { } number ? $", line {number}" : "")}: "
            + $"{ShownText.Clean(wrong)}"), inner);
}
